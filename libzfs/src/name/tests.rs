use super::*;

fn reason<T: FromStr<Err = NameError> + fmt::Debug>(text: &str) -> NameErrorReason {
    text.parse::<T>().unwrap_err().reason()
}

#[test]
fn a_name_that_c_would_cut_cannot_be_made() {
    let longest = format!("tank/{}", "x".repeat(250));
    assert_eq!(longest.len(), MAX_NAME_LEN);
    assert!(longest.parse::<DatasetName>().is_ok());
    let over = format!("{longest}x");
    assert_eq!(
        reason::<DatasetName>(&over),
        Reason::TooLong { len: 256, max: 255 }
    );
    assert_eq!(
        reason::<DatasetName>(&"t".repeat(4096)),
        Reason::TooLong {
            len: 4096,
            max: 255
        }
    );
    let name = longest.parse::<DatasetName>().unwrap();
    assert!(name.snapshot("a").is_err());
    let snap = format!("tank/{}@{}", "x".repeat(100), "y".repeat(149));
    assert_eq!(snap.len(), MAX_NAME_LEN);
    assert!(snap.parse::<SnapshotName>().is_ok());
    assert!(format!("{snap}y").parse::<SnapshotName>().is_err());
}

#[test]
fn components_are_checked() {
    for bad in ["", "/", "tank/", "/tank", "tank//a"] {
        assert_eq!(
            reason::<DatasetName>(bad),
            Reason::EmptyComponent,
            "{bad:?}"
        );
    }
    for bad in ["tank/.", "tank/..", "tank/../etc"] {
        assert_eq!(
            reason::<DatasetName>(bad),
            Reason::RelativeComponent,
            "{bad:?}"
        );
    }
    for (bad, c) in [
        ("tank/a\0b", '\0'),
        ("tank/ä", 'ä'),
        ("tank/a*", '*'),
        ("tank/a\n", '\n'),
    ] {
        assert_eq!(
            reason::<DatasetName>(bad),
            Reason::InvalidCharacter(c),
            "{bad:?}"
        );
    }
    assert_eq!(
        reason::<DatasetName>("tank@a"),
        Reason::UnexpectedDelimiter('@')
    );
    assert_eq!(
        reason::<DatasetName>("tank#a"),
        Reason::UnexpectedDelimiter('#')
    );
    for good in [
        "tank",
        "tank/a b",
        "tank/%recv",
        "tank/a:b.c-d_e",
        "tank/...",
        "Tank0/1",
    ] {
        assert!(good.parse::<DatasetName>().is_ok(), "{good:?}");
    }
}

#[test]
fn pools_are_checked() {
    assert_eq!(reason::<PoolName>("1tank"), Reason::PoolNotALetter);
    assert_eq!(reason::<PoolName>("mirror"), Reason::PoolReserved);
    assert_eq!(
        reason::<PoolName>("tank/a"),
        Reason::UnexpectedDelimiter('/')
    );
    assert_eq!(reason::<PoolName>("ta%nk"), Reason::InvalidCharacter('%'));
    assert_eq!(reason::<DatasetName>("-tank/a"), Reason::PoolNotALetter);
    assert!("t".repeat(239).parse::<PoolName>().is_ok());
    assert_eq!(
        reason::<PoolName>(&"t".repeat(240)),
        Reason::TooLong { len: 240, max: 239 }
    );
}

#[test]
fn depth_is_bounded() {
    let deepest = format!("tank{}", "/a".repeat(49));
    assert!(deepest.parse::<DatasetName>().is_ok());
    assert_eq!(
        reason::<DatasetName>(&format!("{deepest}/a")),
        Reason::TooDeep { depth: 50, max: 49 }
    );
}

#[test]
fn snapshots_and_bookmarks_have_one_delimiter() {
    assert_eq!(
        reason::<SnapshotName>("tank"),
        Reason::MissingDelimiter('@')
    );
    assert_eq!(reason::<SnapshotName>("tank@"), Reason::EmptyComponent);
    assert_eq!(reason::<SnapshotName>("@a"), Reason::EmptyComponent);
    assert_eq!(
        reason::<SnapshotName>("tank@a@b"),
        Reason::UnexpectedDelimiter('@')
    );
    assert_eq!(
        reason::<SnapshotName>("tank@a/b"),
        Reason::UnexpectedDelimiter('/')
    );
    assert_eq!(
        reason::<BookmarkName>("tank@a#b"),
        Reason::UnexpectedDelimiter('@')
    );
    let snap: SnapshotName = "tank/a@b c".parse().unwrap();
    assert_eq!(
        (snap.dataset().as_str(), snap.short_name()),
        ("tank/a", "b c")
    );
}

#[test]
fn ancestry_goes_by_components() {
    let name = |text: &str| text.parse::<DatasetName>().unwrap();
    assert!(name("tank/a/b").is_within(&name("tank/a")));
    assert!(name("tank/a").is_within(&name("tank/a")));
    assert!(!name("tank/ab").is_within(&name("tank/a")));
    assert_eq!(name("tank/a/b").parent(), Some(name("tank/a")));
    assert_eq!(name("tank").parent(), None);
    assert_eq!(name("tank/a").pool().as_str(), "tank");
}

#[test]
fn tags_and_user_properties_are_checked() {
    assert!("rep".parse::<HoldTag>().is_ok());
    assert_eq!(reason::<HoldTag>(""), Reason::EmptyComponent);
    assert_eq!(reason::<HoldTag>(".rep"), Reason::Malformed);
    assert_eq!(
        reason::<HoldTag>(&"t".repeat(256)),
        Reason::TooLong { len: 256, max: 255 }
    );
    assert!(check_user_property("com.example:set").is_ok());
    assert!(check_user_property("nocolon").is_err());
    assert!(check_user_property("Com:x").is_err());
}

#[test]
fn a_long_name_makes_a_short_message() {
    let message = "x"
        .repeat(100_000)
        .parse::<DatasetName>()
        .unwrap_err()
        .to_string();
    assert!(message.len() < 500, "{}", message.len());
}
