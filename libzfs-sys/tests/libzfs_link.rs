//! With the feature `libzfs`, every bound function of `libzfs` exists: this
//! program takes the address of each, so that linking it proves it.

use std::collections::BTreeSet;

#[test]
fn every_function_of_libzfs_is_there() {
    let functions = libzfs_sys::symbols::libzfs();
    let addresses: BTreeSet<_> = functions.iter().map(|(_, address)| *address).collect();
    assert!(functions.len() > 200, "only {} functions", functions.len());
    assert_eq!(addresses.len(), functions.len());
}
