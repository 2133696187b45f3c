//! The functions of `libzfs_core` that this crate knows about: one list, read
//! by the build script (what bindgen may emit, what it must not), by the
//! modules and by the tests (what has to exist in the library).

/// The functions that are linked: those of OpenZFS 2.1.0, the oldest release
/// that is supported. Every later 2.x release has all of them, with the same
/// signatures, under the same soname.
///
/// `lzc_send_progress` is missing on purpose: the headers of all releases
/// declare it and no library defines it.
pub const LINKED: &[&str] = &[
    "libzfs_core_fini",
    "libzfs_core_init",
    "lzc_bookmark",
    "lzc_change_key",
    "lzc_channel_program",
    "lzc_channel_program_nosync",
    "lzc_clone",
    "lzc_create",
    "lzc_destroy",
    "lzc_destroy_bookmarks",
    "lzc_destroy_snaps",
    "lzc_exists",
    "lzc_get_bookmark_props",
    "lzc_get_bookmarks",
    "lzc_get_bootenv",
    "lzc_get_holds",
    "lzc_hold",
    "lzc_initialize",
    "lzc_load_key",
    "lzc_pool_checkpoint",
    "lzc_pool_checkpoint_discard",
    "lzc_promote",
    "lzc_receive",
    "lzc_receive_one",
    "lzc_receive_resumable",
    "lzc_receive_with_cmdprops",
    "lzc_receive_with_header",
    "lzc_redact",
    "lzc_release",
    "lzc_rename",
    "lzc_reopen",
    "lzc_rollback",
    "lzc_rollback_to",
    "lzc_send",
    "lzc_send_redacted",
    "lzc_send_resume",
    "lzc_send_resume_redacted",
    "lzc_send_space",
    "lzc_send_space_resume_redacted",
    "lzc_set_bootenv",
    "lzc_snaprange_space",
    "lzc_snapshot",
    "lzc_sync",
    "lzc_trim",
    "lzc_unload_key",
    "lzc_wait",
    "lzc_wait_fs",
    "lzc_wait_tag",
];

/// The functions that only releases after 2.1 have. They are never linked,
/// whichever headers the crate is built against; [`crate::optional`] finds
/// them at run time.
pub const OPTIONAL: &[&str] = &[
    "lzc_ddt_prune",
    "lzc_get_props",
    "lzc_get_vdev_prop",
    "lzc_ioctl_fd",
    "lzc_pool_prefetch",
    "lzc_receive_with_heal",
    "lzc_scrub",
    "lzc_send_wrapper",
    "lzc_set_vdev_prop",
];
