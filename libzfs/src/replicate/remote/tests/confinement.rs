//! What is allowed to whom.

use super::super::message::{Request, Role};
use super::*;
use crate::nvlist::Endian;
use crate::replicate::Look;
use crate::resume_token::{ResumeToken, TokenFields};

const ROLES: [Role; 3] = [Role::ReceiveOnly, Role::SendRawOnly, Role::ReadOnly];

/// Each request, on that dataset and with those marks, and who may make it.
fn requests(on: &str, marks: &str) -> Vec<(Request, &'static [Role])> {
    use Role::{ReadOnly, ReceiveOnly, SendRawOnly};
    let marks = Marks::new(marks).unwrap();
    let top = dataset(on);
    let of = top.snapshot("s").unwrap();
    let mut order = order(5, None);
    order.snapshot = of.clone();
    let mut transfer = transfer(5, None);
    transfer.snapshot = of.clone();
    let below = |name: &str| top.child(name).unwrap();
    let dataset = top.clone();
    vec![
        (
            Request::Tree {
                look: Look::all(&top),
            },
            &ROLES,
        ),
        (
            Request::Tree {
                look: Look::since(&top, &marks),
            },
            &ROLES,
        ),
        (
            Request::WrappedKey {
                dataset: dataset.clone(),
            },
            &ROLES,
        ),
        (
            Request::Anchor {
                marks: marks.clone(),
                snapshots: vec![(of.clone(), 1)],
            },
            &[ReceiveOnly, SendRawOnly],
        ),
        (
            Request::Settle {
                marks: marks.clone(),
                kept: vec![(dataset.clone(), vec![1])],
            },
            &[ReceiveOnly, SendRawOnly],
        ),
        (
            Request::BookmarkAncestor {
                marks: marks.clone(),
                clone: dataset.clone(),
                ancestor: of.clone(),
                guid: 1,
            },
            &[SendRawOnly],
        ),
        (
            Request::TakeSnapshots {
                snapshots: vec![of],
            },
            &[],
        ),
        (
            Request::Estimate {
                transfer: transfer.clone(),
            },
            &[SendRawOnly, ReadOnly],
        ),
        (Request::Send { transfer }, &[SendRawOnly]),
        (
            Request::Rename {
                from: below("a"),
                to: below("b"),
            },
            &[ReceiveOnly],
        ),
        (
            Request::DiscardPartial {
                dataset,
                token: String::new(),
            },
            &[ReceiveOnly],
        ),
        (
            Request::Receive {
                order: order.clone(),
            },
            &[ReceiveOnly],
        ),
        (Request::Verify { marks, order }, &[ReceiveOnly]),
    ]
}

fn check(role: Role, request: &Request) -> Result<()> {
    confinement().allow_renames().check(role, request)
}

#[test]
fn each_role_has_its_requests() {
    for role in ROLES {
        for on in ["vault/prod", "vault/prod/a", "vault/prod/a/b c"] {
            for (request, allowed) in requests(on, "offsite") {
                let done = check(role, &request);
                assert_eq!(done.is_ok(), allowed.contains(&role), "{role} {request:?}");
            }
        }
    }
    let snapshots = vec![snapshot("vault/prod@s")];
    let take = Request::TakeSnapshots { snapshots };
    let confinement = confinement().allow_snapshots();
    assert!(confinement.check(Role::SendRawOnly, &take).is_ok());
    assert!(confinement.check(Role::ReadOnly, &take).is_err());
    assert!(confinement.check(Role::ReceiveOnly, &take).is_err());
}

#[test]
fn nothing_is_reached_outside() {
    for on in [
        "vault",
        "vault/production",
        "vault/Prod",
        "vault/prod2/a",
        "other/prod",
        "vault/a/vault/prod",
        "vault/prod/%recv",
        "vault/prod/a/%recv",
    ] {
        for role in ROLES {
            for (request, _) in requests(on, "offsite") {
                let why = refusal(check(role, &request));
                assert!(!why.is_empty());
            }
        }
    }
    // Some names cannot even be said.
    for name in [
        "vault/prod/../x",
        "vault/prod//a",
        "/vault/prod",
        "vault/prod/a@s",
        "",
    ] {
        let text = format!("{{\"wrapped_key\":{{\"dataset\":{name:?}}}}}");
        assert!(serde_json::from_str::<Request>(&text).is_err(), "{name}");
    }
}

#[test]
fn what_names_several_is_all_within() {
    let inside = snapshot("vault/prod/a@s");
    let outside = snapshot("vault/other@s");
    let hidden = snapshot("vault/prod/a@%s");
    for bad in [&outside, &hidden] {
        let marks = marks();
        let snapshots = vec![(inside.clone(), 1), (bad.clone(), 2)];
        let anchor = Request::Anchor { marks, snapshots };
        refusal(check(Role::ReceiveOnly, &anchor));
        for (clone, origin) in [(inside.dataset(), bad), (bad.dataset(), &inside)] {
            let bookmark = Request::BookmarkAncestor {
                marks: self::marks(),
                clone: clone.clone(),
                ancestor: origin.clone(),
                guid: 1,
            };
            let checked = check(Role::SendRawOnly, &bookmark);
            assert_eq!(
                checked.is_err(),
                origin == bad || clone == outside.dataset()
            );
        }
        let mut order = order(5, Some(4));
        order.origin = Some(bad.clone());
        refusal(check(Role::ReceiveOnly, &Request::Receive { order }));
        let mut transfer = transfer(5, None);
        transfer.base = Some(Base::Snapshot {
            name: bad.clone(),
            guid: 4,
            origin: None,
        });
        refusal(check(Role::SendRawOnly, &Request::Send { transfer }));
    }
    let mut transfer = transfer(5, None);
    transfer.base = Some(Base::Bookmark {
        name: "vault/other#s".parse().unwrap(),
        guid: 4,
    });
    refusal(check(Role::SendRawOnly, &Request::Send { transfer }));
}

#[test]
fn a_copy_is_renamed_below_its_own_place() {
    let both = confinement().and(&dataset("vault/mail"));
    let request = |from: &str, to: &str| {
        let (from, to) = (dataset(from), dataset(to));
        Request::Rename { from, to }
    };
    let good = request("vault/prod/a", "vault/prod/b/c");
    assert!(refusal(both.check(Role::ReceiveOnly, &good)).contains("rename"));
    let both = both.allow_renames();
    let rename = |from: &str, to: &str| both.check(Role::ReceiveOnly, &request(from, to));
    rename("vault/prod/a", "vault/prod/b/c").unwrap();
    rename("vault/mail/a", "vault/mail/b").unwrap();
    for (from, to) in [
        ("vault/prod", "vault/prod/a"),
        ("vault/prod/a", "vault/prod"),
        ("vault/prod/a", "vault/mail/a"),
        ("vault/prod/a", "vault/a"),
        ("vault/a", "vault/prod/a"),
        ("vault/mail", "vault/prod"),
    ] {
        refusal(rename(from, to));
    }
}

#[test]
fn marks_are_those_that_were_given() {
    for role in [Role::ReceiveOnly, Role::SendRawOnly] {
        for (request, allowed) in requests("vault/prod", "other") {
            let has_marks = matches!(
                &request,
                Request::Anchor { .. }
                    | Request::Settle { .. }
                    | Request::Verify { .. }
                    | Request::BookmarkAncestor { .. }
            );
            if has_marks && allowed.contains(&role) {
                assert!(refusal(check(role, &request)).contains("other"));
            }
        }
    }
    let settle = |kept: &[(&str, u64)]| Request::Settle {
        marks: marks(),
        kept: kept
            .iter()
            .map(|(name, kept)| (dataset(name), (0..*kept).collect()))
            .collect(),
    };
    let good = ("vault/prod/a", 1);
    check(Role::ReceiveOnly, &settle(&[good, ("vault/prod", 2)])).unwrap();
    // Nor one of them.
    let bad = [
        (("vault/prod", 0), "held"),
        (("vault", 1), "not within"),
        (good, "twice"),
    ];
    for (bad, why) in bad {
        let refused = check(Role::ReceiveOnly, &settle(&[good, bad, good]));
        assert!(refusal(refused).contains(why));
    }
}

#[test]
fn the_policy_is_the_servers() {
    let mut order = order(5, None);
    order.policy = Policy::WarmStandby;
    let receive = Request::Receive { order };
    assert!(refusal(check(Role::ReceiveOnly, &receive)).contains("Vault"));
    let standby = confinement().policy(Policy::WarmStandby);
    standby.check(Role::ReceiveOnly, &receive).unwrap();
}

#[test]
fn a_token_is_for_what_is_asked_for() {
    fn check_token(change: impl FnOnce(&mut TokenFields)) -> [Result<()>; 2] {
        let mut fields = TokenFields::new("vault/prod/a@s", 5);
        fields.from_guid = Some(4);
        fields.raw = true;
        change(&mut fields);
        let token = ResumeToken::build(&fields, Endian::HOST).unwrap();
        let resumed = Some(token.as_str().to_owned());
        let mut order = order(5, Some(4));
        order.resumed.clone_from(&resumed);
        let mut transfer = transfer(5, Some(4));
        transfer.resumed = resumed;
        [
            check(Role::ReceiveOnly, &Request::Receive { order }),
            check(Role::SendRawOnly, &Request::Send { transfer }),
        ]
    }
    for done in check_token(|_| {}) {
        done.unwrap();
    }
    let forgeries: [fn(&mut TokenFields); 6] = [
        |fields| fields.raw = false,
        |fields| fields.to_guid = 6,
        |fields| fields.from_guid = None,
        |fields| fields.from_guid = Some(6),
        |fields| fields.redact_snaps = Some(vec![]),
        |fields| fields.book_redact_snaps = Some(vec![1]),
    ];
    for forgery in forgeries {
        for done in check_token(forgery) {
            assert!(refusal(done).contains("token"));
        }
    }
    // Of the sender's names the receiver knows nothing, and the sender may have others by now.
    for name in ["vault/secret@s", "vault/prod/b@s", "nonsense"] {
        for done in check_token(|fields| fields.to_name = name.into()) {
            done.unwrap();
        }
    }
    let mut order = order(5, None);
    order.resumed = Some("1-c-2-zz".to_owned());
    refusal(check(Role::ReceiveOnly, &Request::Receive { order }));
}
