use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::nvlist::DataType;

/// What OpenZFS makes of [`example`]: the nvlist packed by libnvpair 2.3.9, compressed by
/// zlib's level 6. The data are 3 bytes more than a multiple of 4.
const EXAMPLE: &str = concat!(
    "1-191dee38a9-1b0-",
    "789c636064000310a501c49c50360710a715e5e7a69766a63040c1cde71b1fafdcd9dca40064b323a9cb4fca4a4d",
    "2e81888100867c5a5a716a094826851126cf86249f5459925a0ca40f2c40c823eb2fc987b8c2ca4a4ba6afbb504f",
    "03499e132c9f97989b0aa413f3b2f50b8af2531c8a520b748dc0e6f03220fc979358949e9a94939f9c9d9f0d1293",
    "809a0f934fcd4d4a4d014a81f471238927e7e71614a51617437441f4b121c917259683a590ed130089a7a6242697",
    "c417e7251680bcc7e000c44240cc0c954fcacfcf8e47570435130498a034330302000046af3c08",
);

fn example() -> TokenFields {
    TokenFields {
        object: 7,
        offset: 0x164_0000,
        bytes: 0x164_a0c0,
        to_guid: 0x2e71_8b8e_1c2a_3a3a,
        to_name: BString::from("tank/prod@rep-2"),
        from_guid: Some(0x8283_b9a9_e3b1_e7d9),
        large_block: true,
        embed: true,
        compress: true,
        raw: true,
        redact_snaps: Some(vec![]),
        book_redact_snaps: Some(vec![1, 2, 3]),
        other: NvList::new(),
    }
}

/// A token with that list in it, right in all else.
fn with_list(list: &NvList) -> String {
    let packed = list.encode_with(Encoding::Native, Endian::Little).unwrap();
    with_data(packed.len(), &deflate(&packed))
}

fn with_data(len: usize, data: &[u8]) -> String {
    text(checksum(Endian::Little, data), len, data)
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn error(text: &str) -> TokenError {
    text.parse::<ResumeToken>().unwrap_err()
}

#[test]
fn reads_what_openzfs_writes() {
    let token: ResumeToken = EXAMPLE.parse().unwrap();
    assert_eq!(*token.fields(), example());
    assert_eq!(token.endian(), Endian::Little);
    assert_eq!(token.to_string(), EXAMPLE);
    let upper = EXAMPLE.to_uppercase();
    assert_eq!(*upper.parse::<ResumeToken>().unwrap().fields(), example());
}

#[test]
fn reads_what_it_writes_in_both_byte_orders() {
    for endian in [Endian::Little, Endian::Big] {
        let built = ResumeToken::build(&example(), endian).unwrap();
        let token: ResumeToken = built.as_str().parse().unwrap();
        assert_eq!(token, built);
        assert_eq!(token.endian(), endian);
    }
    // The list inside is the same as that which the C library made, to the byte.
    let inside = |text: &str| {
        let at = text.rfind('-').unwrap() + 1;
        inflate(&unhex(text.as_bytes(), at).unwrap(), (0x1b0, 0), at).unwrap()
    };
    let built = ResumeToken::build(&example(), Endian::Little).unwrap();
    assert_eq!(inside(built.as_str()), inside(EXAMPLE));
}

#[test]
fn what_is_unknown_is_kept() {
    let mut fields = TokenFields::new("a@b", 5);
    fields.other = NvList::new()
        .with("savedok", Value::Boolean)
        .with("new", "thing");
    let built = ResumeToken::build(&fields, Endian::HOST).unwrap();
    let token: ResumeToken = built.as_str().parse().unwrap();
    assert_eq!(*token.fields(), fields);
    // It does not come before what is known.
    fields.other.insert("toguid", 6_u64);
    let built = ResumeToken::build(&fields, Endian::HOST).unwrap();
    let token: ResumeToken = built.as_str().parse().unwrap();
    assert_eq!(token.fields().to_guid, 5);
}

#[test]
fn no_base_and_a_base_of_zero_are_the_same() {
    let mut list = TokenFields::new("a@b", 5).to_list();
    list.insert("fromguid", 0_u64);
    let token: ResumeToken = with_list(&list).parse().unwrap();
    assert_eq!(token.fields().from_guid, None);
}

#[test]
fn the_parts_are_looked_at_one_by_one() {
    use TokenError::*;
    let bad = |part, offset| BadNumber { part, offset };
    assert_eq!(error(""), Incomplete { part: "version" });
    assert_eq!(error("1"), Incomplete { part: "version" });
    assert_eq!(error("-"), bad("version", 0));
    assert_eq!(error("+1-"), bad("version", 0));
    assert_eq!(error(" 1-"), bad("version", 0));
    assert_eq!(error("f-"), bad("version", 0));
    assert_eq!(error("2-0-0-"), UnknownVersion { version: 2 });
    assert_eq!(error("1-"), Incomplete { part: "checksum" });
    assert_eq!(error("1-12"), Incomplete { part: "checksum" });
    assert_eq!(error("1--"), bad("checksum", 2));
    assert_eq!(error("1-0x1-"), bad("checksum", 2));
    assert_eq!(error("1-10000000000000000-"), bad("checksum", 2));
    assert_eq!(error("1-0-"), Incomplete { part: "length" });
    assert_eq!(error("1-0-g-"), bad("length", 4));
    assert_eq!(
        error("1-0-1000000000000000-"),
        TooLarge {
            claimed: 1 << 60,
            offset: 4
        }
    );
    assert_eq!(
        error("1-0-100001-"),
        TooLarge {
            claimed: (1 << 20) + 1,
            offset: 4
        }
    );
    assert_eq!(error("1-0-0-0g"), BadDigit { offset: 7 });
    assert_eq!(error("1-0-0-00é"), BadDigit { offset: 8 });
    assert_eq!(error("1-0-0-000"), OddDigits { offset: 8 });
    assert_eq!(error("1-0-0-00-"), BadDigit { offset: 8 });
    assert_eq!(
        error(&format!("{EXAMPLE}\n")),
        BadDigit {
            offset: EXAMPLE.len()
        }
    );
    assert_eq!(
        error("1-1-0-00"),
        BadChecksum {
            claimed: 1,
            offset: 2
        }
    );
    let long = "0".repeat(MAX_TEXT_LEN + 1);
    assert_eq!(
        error(&long),
        TooLong {
            len: MAX_TEXT_LEN + 1
        }
    );
    assert_eq!(error("1-0-g-").offset(), Some(4));
}

#[test]
#[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
fn the_checksum_leaves_out_what_is_no_whole_word() {
    let start = EXAMPLE.rfind('-').unwrap() + 1;
    let data = unhex(EXAMPLE.as_bytes(), start).unwrap();
    assert_eq!(data.len() % 4, 3);
    for at in 0..data.len() {
        let mut changed = data.clone();
        changed[at] ^= 1;
        let changed = format!("{}{}", &EXAMPLE[..start], &text(0, 0, &changed)[6..]);
        let error = error(&changed);
        if at < data.len() - 3 {
            assert_eq!(
                error,
                TokenError::BadChecksum {
                    claimed: 0x19_1dee_38a9,
                    offset: 2
                }
            );
        } else {
            // What the checksum does not see, zlib's own does.
            assert!(matches!(error, TokenError::BadZlib { .. }), "{error}");
        }
    }
}

/// Where a token says how long its data are.
fn len_at(text: &str) -> usize {
    text.match_indices('-').nth(1).unwrap().0 + 1
}

#[test]
#[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
fn the_data_have_to_be_as_long_as_they_say() {
    use TokenError::*;
    let packed = example()
        .to_list()
        .encode_with(Encoding::Native, Endian::Little)
        .unwrap();
    let (len, data) = (packed.len(), deflate(&packed));
    let parse = |len, data: &[u8]| with_data(len, data).parse::<ResumeToken>();
    parse(len, &data).unwrap();
    let offset = len_at(&with_data(len, &data));
    assert_eq!(
        parse(len + 1, &data),
        Err(Underlong {
            claimed: len + 1,
            offset,
            got: len
        })
    );
    assert_eq!(
        parse(len - 1, &data),
        Err(Overlong {
            claimed: len - 1,
            offset
        })
    );
    assert_eq!(parse(0, &data), Err(Overlong { claimed: 0, offset }));

    for cut in 0..data.len() {
        let text = with_data(len, &data[..cut]);
        let start = text.rfind('-').unwrap() + 1;
        assert_eq!(
            error(&text),
            TruncatedZlib {
                offset: start + 2 * cut
            },
            "{cut}"
        );
    }
    for more in 1..9 {
        let mut longer = data.clone();
        longer.extend(vec![0; more]);
        let text = with_data(len, &longer);
        let start = text.rfind('-').unwrap() + 1;
        assert_eq!(
            error(&text),
            TrailingBytes {
                offset: start + 2 * data.len()
            }
        );
    }

    // A list with something behind it, all well compressed.
    let mut longer = packed.clone();
    longer.push(0);
    let error = parse(longer.len(), &deflate(&longer)).unwrap_err();
    assert!(matches!(error, NvList(error) if error.offset() == len));
}

#[test]
#[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
fn a_bomb_is_not_unpacked() {
    let bomb = deflate(&vec![0; 8 << 20]);
    assert!(bomb.len() < 16 << 10);
    for claimed in [MAX_PACKED_LEN, 100] {
        let text = with_data(claimed, &bomb);
        let offset = len_at(&text);
        assert_eq!(error(&text), TokenError::Overlong { claimed, offset });
    }
}

#[test]
#[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
fn the_list_has_to_say_all_and_in_the_right_types() {
    let list = example().to_list();
    for name in ["object", "offset", "bytes", "toguid", "toname"] {
        let mut list = list.clone();
        list.remove(name);
        assert_eq!(error(&with_list(&list)), TokenError::MissingField { name });
    }
    for (name, value) in &list {
        let mut list = list.clone();
        list.insert(name, 1_u32);
        let error = error(&with_list(&list));
        assert!(
            matches!(
                error,
                TokenError::WrongType { name: found, found: DataType::U32 } if name == found
            ),
            "{name} {value}: {error}"
        );
    }
}

#[test]
fn byte_order_and_encoding_have_to_agree() {
    let list = example().to_list();
    let big = list.encode_with(Encoding::Native, Endian::Big).unwrap();
    let xdr = list.encode_with(Encoding::Xdr, Endian::Little).unwrap();
    for packed in [big, xdr] {
        let token = with_data(packed.len(), &deflate(&packed));
        assert_eq!(error(&token), TokenError::WrongEncoding);
    }
    assert!(matches!(
        error(&with_data(3, &deflate(&[0, 1, 0]))),
        TokenError::NvList(_)
    ));
}

#[test]
fn what_is_not_expected_is_told() {
    let token: ResumeToken = EXAMPLE.parse().unwrap();
    let expect = Expectation::new;
    let (to, from) = (0x2e71_8b8e_1c2a_3a3a, 0x8283_b9a9_e3b1_e7d9);
    let right = expect()
        .dataset("tank/prod")
        .to_guid(to)
        .from_guid(from)
        .raw(true);
    assert_eq!(token.check(&expect()), Ok(()));
    assert_eq!(token.check(&right), Ok(()));
    assert_eq!(
        token.check(&right.clone().to_guid(1)),
        Err(TokenMismatch::ToGuid {
            expected: 1,
            found: to
        })
    );
    assert_eq!(
        token.check(&right.clone().from_guid(1)),
        Err(TokenMismatch::FromGuid {
            expected: Some(1),
            found: Some(from)
        })
    );
    let mismatch = token.check(&right.clone().full()).unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        format!(
            "the resume token is for a transfer from the base with GUID {from}, and not of \
             everything"
        )
    );
    let mismatch = token.check(&right.clone().raw(false)).unwrap_err();
    assert_eq!(mismatch, TokenMismatch::Raw { expected: false });
    assert_eq!(
        mismatch.to_string(),
        "the resume token is for a transfer that is raw, which it should not be"
    );
    for other in [
        "tank",
        "tank/pro",
        "tank/prod/",
        "tank/prod@rep-2",
        "",
        "ank/prod",
    ] {
        assert!(
            matches!(
                token.check(&right.clone().dataset(other)),
                Err(TokenMismatch::Dataset { .. })
            ),
            "{other}"
        );
    }
}

#[test]
fn a_redaction_can_be_expected() {
    let token: ResumeToken = EXAMPLE.parse().unwrap();
    let expect = Expectation::new;
    let right = expect().redacted_by([]).base_redacted_by([3, 1, 2]);
    assert_eq!(token.check(&right), Ok(()));
    let mismatch = token.check(&expect().not_redacted()).unwrap_err();
    assert_eq!(
        mismatch,
        TokenMismatch::Redacted {
            expected: None,
            found: Some(vec![])
        }
    );
    assert_eq!(
        mismatch.to_string(),
        "the resume token is for a transfer redacted by the snapshots with GUIDs [], where one that \
         is not redacted is expected"
    );
    let none = ResumeToken::build(&TokenFields::new("a@b", 5), Endian::HOST).unwrap();
    assert_eq!(
        none.check(&expect().not_redacted().base_not_redacted()),
        Ok(())
    );
    assert_eq!(
        none.check(&expect().redacted_by([7])),
        Err(TokenMismatch::Redacted {
            expected: Some(vec![7]),
            found: None
        })
    );
    for (expected, guids) in [
        (expect().base_redacted_by([2, 1]), Some(vec![1, 2])),
        (expect().base_not_redacted(), None),
    ] {
        assert_eq!(
            token.check(&expected),
            Err(TokenMismatch::BaseRedacted {
                expected: guids,
                found: Some(vec![1, 2, 3])
            })
        );
    }
}

#[test]
fn a_base_of_zero_is_expected_as_none() {
    let full = ResumeToken::build(&TokenFields::new("a@b", 5), Endian::HOST).unwrap();
    assert_eq!(full.check(&Expectation::new().from_guid(0)), Ok(()));
}

#[test]
#[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
fn what_would_not_be_read_is_not_built() {
    let build = |fields: &TokenFields| {
        let built = ResumeToken::build(fields, Endian::HOST);
        built.map(drop).unwrap_err()
    };
    let mut fields = TokenFields::new("a@b", 5);
    fields.redact_snaps = Some(vec![0; MAX_PACKED_LEN / 8]);
    let error = build(&fields);
    assert!(matches!(error, TokenError::TooLarge { .. }), "{error}");
    // It fits, but not when it is compressed, which it can't be.
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        state ^ state >> 29
    });
    fields.redact_snaps = Some(vec![]);
    let without = fields.to_list().encode().unwrap().len();
    fields.redact_snaps = Some(noise.take((MAX_PACKED_LEN - without) / 8).collect());
    let error = build(&fields);
    assert!(matches!(error, TokenError::TooLong { .. }), "{error}");
    fields.redact_snaps = None;
    fields.other = NvList::new().with("more", NvList::with_duplicates());
    let error = build(&fields);
    assert!(matches!(error, TokenError::NvList(_)), "{error}");
    fields.other = NvList::new().with("a\0b", 1_u64);
    let error = build(&fields);
    assert!(matches!(error, TokenError::Encode(_)), "{error}");
}

#[test]
fn a_list_whose_names_may_repeat_is_refused() {
    let mut list = NvList::with_duplicates();
    for (name, value) in &example().to_list() {
        list.push(name, value.clone());
    }
    list.push("toguid", 9_u64);
    let error = error(&with_list(&list));
    assert!(
        matches!(&error, TokenError::NvList(error) if error.offset() == 8),
        "{error}"
    );
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases: if cfg!(miri) { 2 } else { cases },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

prop_compose! {
    fn fields()(
        [object, offset, bytes, to_guid] in any::<[u64; 4]>(),
        to_name in vec(1..=255_u8, 0..60),
        from_guid in proptest::option::of(1..=u64::MAX),
        [large_block, embed, compress, raw] in any::<[bool; 4]>(),
        redact_snaps in proptest::option::of(vec(any::<u64>(), 0..5)),
        book_redact_snaps in proptest::option::of(vec(any::<u64>(), 0..5)),
        other in proptest::option::of(any::<u64>()),
    ) -> TokenFields {
        TokenFields {
            object, offset, bytes, to_guid,
            to_name: to_name.into(),
            from_guid,
            large_block, embed, compress, raw,
            redact_snaps, book_redact_snaps,
            other: other.map(|n| ("other", n)).into_iter().collect(),
        }
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    #[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
fn what_is_written_is_read(fields in fields(), big: bool) {
        let endian = if big { Endian::Big } else { Endian::Little };
        let built = ResumeToken::build(&fields, endian).unwrap();
        let token: ResumeToken = built.as_str().parse().unwrap();
        prop_assert_eq!(&token, &built);
        prop_assert_eq!(token.fields(), &fields);
    }

    #[test]
    #[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
fn no_text_is_too_strange(text in "(1-)?[0-9a-f]{0,6}-?[0-9a-f]{0,3}-?(78)?\\PC{0,40}") {
        let _ = text.parse::<ResumeToken>();
    }

    /// With the checksum set right, since otherwise nothing behind it is reached.
    #[test]
    #[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
fn no_list_is_too_strange(
        fields in fields(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        zlib: bool,
    ) {
        let change = |mut bytes: Vec<u8>| {
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            bytes
        };
        let packed = fields.to_list().encode_with(Encoding::Native, Endian::Little).unwrap();
        let len = packed.len();
        let data = if zlib { change(deflate(&packed)) } else { deflate(&change(packed)) };
        if let Ok(token) = with_data(len, &data).parse::<ResumeToken>() {
            let built = ResumeToken::build(token.fields(), token.endian()).unwrap();
            prop_assert_eq!(built.fields(), token.fields());
        }
    }
}
