//! A native property as a constant with the type of its values, and how tables of them are written.

use std::fmt;

use crate::nvlist::Value;

use super::info::{Access, Fallback, IndexNames, PropertyInfo, PropertyKind, Release, Types};

/// A native property whose values have the type `T`.
#[derive(Clone, Copy)]
pub struct NativeProperty<T> {
    pub(super) info: PropertyInfo,
    pub(super) decode: fn(&Value) -> Option<T>,
}

impl<T> NativeProperty<T> {
    /// The property's name, as `zfs get` has it.
    pub fn name(&self) -> &'static str {
        self.info.name
    }

    /// What ZFS says of it.
    pub fn info(&self) -> &PropertyInfo {
        &self.info
    }
}

impl<T> fmt::Debug for NativeProperty<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NativeProperty")
            .field(&self.info.name)
            .finish()
    }
}

/// The rows of a table: read-only, unless they say otherwise.
impl<T> NativeProperty<T> {
    const fn row(
        name: &'static str,
        kind: PropertyKind,
        types: Types,
        decode: fn(&Value) -> Option<T>,
    ) -> Self {
        let info = PropertyInfo {
            name,
            kind,
            access: Access::ReadOnly,
            types,
            types_before: None,
            default: Fallback::None,
            default_before: None,
            since: None,
            newer_values: &[],
            hidden: false,
        };
        Self { info, decode }
    }

    pub(super) const fn index(
        name: &'static str,
        types: Types,
        names: IndexNames,
        decode: fn(&Value) -> Option<T>,
    ) -> Self {
        Self::row(name, PropertyKind::Index(names), types, decode)
    }

    pub(super) const fn at_creation(mut self) -> Self {
        self.info.access = Access::AtCreation;
        self
    }

    pub(super) const fn at_creation_or_inherited(mut self) -> Self {
        self.info.access = Access::AtCreationOrInherited;
        self
    }

    pub(super) const fn at_import(mut self) -> Self {
        self.info.access = Access::AtImport;
        self
    }

    pub(super) const fn settable(mut self) -> Self {
        self.info.access = Access::Settable;
        self
    }

    pub(super) const fn inheritable(mut self) -> Self {
        self.info.access = Access::Inheritable;
        self
    }

    pub(super) const fn default(mut self, number: u64) -> Self {
        self.info.default = Fallback::Number(number);
        self
    }

    pub(super) const fn default_text(mut self, text: &'static str) -> Self {
        self.info.default = Fallback::Text(text);
        self
    }

    /// With another default in the releases before one.
    pub(super) const fn before(mut self, release: Release, number: u64) -> Self {
        self.info.default_before = Some((release, number));
        self
    }

    /// For other kinds of datasets in the releases before one.
    pub(super) const fn types_before(mut self, release: Release, types: Types) -> Self {
        self.info.types_before = Some((release, types));
        self
    }

    pub(super) const fn since(mut self, release: Release) -> Self {
        self.info.since = Some(release);
        self
    }

    pub(super) const fn newer_values(mut self, values: &'static [(u64, Release)]) -> Self {
        self.info.newer_values = values;
        self
    }

    pub(super) const fn hidden(mut self) -> Self {
        self.info.hidden = true;
        self
    }
}

impl NativeProperty<u64> {
    pub(super) const fn number(name: &'static str, types: Types) -> Self {
        Self::row(name, PropertyKind::Number, types, Value::as_u64)
    }

    pub(super) const fn size(name: &'static str, types: Types) -> Self {
        Self::row(name, PropertyKind::Size, types, Value::as_u64)
    }

    pub(super) const fn time(name: &'static str, types: Types) -> Self {
        Self::row(name, PropertyKind::Time, types, Value::as_u64)
    }

    pub(super) const fn ratio(name: &'static str, types: Types) -> Self {
        Self::row(name, PropertyKind::Ratio, types, Value::as_u64)
    }
}

impl NativeProperty<bool> {
    pub(super) const fn flag(name: &'static str, types: Types) -> Self {
        Self::index(name, types, &[("off", 0), ("on", 1)], |value| {
            value.as_u64().map(|number| number != 0)
        })
    }
}

impl NativeProperty<String> {
    pub(super) const fn text(name: &'static str, types: Types) -> Self {
        Self::row(name, PropertyKind::Text, types, text)
    }
}

impl<T> NativeProperty<Vec<T>> {
    pub(super) const fn list(
        name: &'static str,
        types: Types,
        decode: fn(&Value) -> Option<Vec<T>>,
    ) -> Self {
        Self::row(name, PropertyKind::List, types, decode)
    }
}

impl<T: std::str::FromStr> NativeProperty<T> {
    /// A text that is a name.
    pub(super) const fn name_of(name: &'static str, types: Types) -> Self {
        Self::row(name, PropertyKind::Text, types, |value| {
            value.as_str()?.parse().ok()
        })
    }
}

fn text(value: &Value) -> Option<String> {
    use bstr::ByteSlice;
    value.as_bstr().map(|text| text.to_str_lossy().into_owned())
}

/// Makes a table: a constant for each row, and all of them in `ALL`.
macro_rules! table {
    ($(#[$all:meta])* all; $($(#[$doc:meta])* $const:ident: $type:ty = $row:expr;)*) => {
        $(
            $(#[$doc])*
            pub const $const: NativeProperty<$type> = $row;
        )*

        $(#[$all])*
        pub static ALL: &[PropertyInfo] = &[$($const.info),*];
    };
}

pub(super) use table;
