// Made from the headers of OpenZFS 2.3.9 by the example `bindings`; not to be edited.
pub type __uid_t = ::core::ffi::c_uint;
pub type uid_t = __uid_t;
pub type ulong_t = ::core::ffi::c_ulong;
pub type hrtime_t = ::core::ffi::c_longlong;
pub type zprop_func = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: ::core::ffi::c_int,
        arg2: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int,
>;
pub type vdev_prop_t = ::core::ffi::c_int;
pub type zfs_share_op = ::core::ffi::c_uint;
pub type zfs_direct_t = ::core::ffi::c_uint;
pub type zfs_prefetch_type_t = ::core::ffi::c_uint;
pub type zpool_load_policy_t = zpool_load_policy;
pub type mmp_state = ::core::ffi::c_uint;
pub type checkpoint_state_t = ::core::ffi::c_uint;
pub type pool_checkpoint_stat_t = pool_checkpoint_stat;
pub type zio_type = ::core::ffi::c_uint;
pub type zio_priority = ::core::ffi::c_uint;
pub type pool_scan_stat_t = pool_scan_stat;
pub type pool_removal_stat_t = pool_removal_stat;
pub type pool_raidz_expand_stat_t = pool_raidz_expand_stat;
pub type vdev_rebuild_stat_t = vdev_rebuild_stat;
pub type vdev_stat_t = vdev_stat;
pub type vdev_stat_ex_t = vdev_stat_ex;
pub type ddt_object_t = ddt_object;
pub type ddt_stat_t = ddt_stat;
pub type ddt_histogram_t = ddt_histogram;
pub type zfs_rewrite_args_t = zfs_rewrite_args;
pub type refresh_config_func_t = ::core::option::Option<
    unsafe extern "C" fn(arg1: *mut ::core::ffi::c_void, arg2: *mut nvlist_t) -> *mut nvlist_t,
>;
pub type pool_active_func_t = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: *mut ::core::ffi::c_void,
        arg2: *const ::core::ffi::c_char,
        arg3: u64,
        arg4: *mut boolean_t,
    ) -> ::core::ffi::c_int,
>;
pub type pool_config_ops_t = pool_config_ops;
pub type lpc_error = ::core::ffi::c_uint;
pub type importargs_t = importargs;
pub type libpc_handle_t = libpc_handle;
pub type zfs_nicenum_format = ::core::ffi::c_uint;
pub type pool_vdev_iter_f = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: *mut ::core::ffi::c_void,
        arg2: *mut nvlist_t,
        arg3: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int,
>;
pub type sa_protocol = ::core::ffi::c_uint;
pub type avl_tree_t = avl_tree;
pub type avl_node_t = avl_node;
pub type zfs_error = ::core::ffi::c_uint;
pub type zfs_perm_node_t = zfs_perm_node;
pub type zfs_allow_node_t = zfs_allow_node;
pub type zfs_allow_t = zfs_allow;
pub type zfs_handle_t = zfs_handle;
pub type zpool_handle_t = zpool_handle;
pub type libzfs_handle_t = libzfs_handle;
pub type zpool_iter_f = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: *mut zpool_handle_t,
        arg2: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int,
>;
pub type splitflags_t = splitflags;
pub type trimflags_t = trimflags;
pub type zpool_status_t = ::core::ffi::c_uint;
pub type vdev_name_t = ::core::ffi::c_uint;
pub type zprop_list_t = zprop_list;
pub type zfs_get_column_t = ::core::ffi::c_uint;
pub type vdev_cbdata_t = vdev_cbdata;
pub type zprop_get_cbdata_t = zprop_get_cbdata;
pub type zprop_set_cbdata_t = zprop_set_cbdata;
pub type zfs_iter_f = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: *mut zfs_handle_t,
        arg2: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int,
>;
pub type get_all_cb_t = get_all_cb;
pub type renameflags_t = renameflags;
pub type sendflags_t = sendflags;
pub type snapfilter_cb_t = ::core::option::Option<
    unsafe extern "C" fn(arg1: *mut zfs_handle_t, arg2: *mut ::core::ffi::c_void) -> boolean_t,
>;
pub type zfs_userspace_cb_t = ::core::option::Option<
    unsafe extern "C" fn(
        arg: *mut ::core::ffi::c_void,
        domain: *const ::core::ffi::c_char,
        rid: uid_t,
        space: u64,
    ) -> ::core::ffi::c_int,
>;
pub type recvflags_t = recvflags;
pub type diff_flags = ::core::ffi::c_uint;
pub type zpool_compat_status_t = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Copy, Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct __BindgenBitfieldUnit<Storage> {
    storage: Storage,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct zpool_load_policy {
    pub zlp_rewind: u32,
    pub zlp_maxmeta: u64,
    pub zlp_maxdata: u64,
    pub zlp_txg: u64,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct pool_checkpoint_stat {
    pub pcs_state: u64,
    pub pcs_start_time: u64,
    pub pcs_space: u64,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct pool_scan_stat {
    pub pss_func: u64,
    pub pss_state: u64,
    pub pss_start_time: u64,
    pub pss_end_time: u64,
    pub pss_to_examine: u64,
    pub pss_examined: u64,
    pub pss_skipped: u64,
    pub pss_processed: u64,
    pub pss_errors: u64,
    pub pss_pass_exam: u64,
    pub pss_pass_start: u64,
    pub pss_pass_scrub_pause: u64,
    pub pss_pass_scrub_spent_paused: u64,
    pub pss_pass_issued: u64,
    pub pss_issued: u64,
    pub pss_error_scrub_func: u64,
    pub pss_error_scrub_state: u64,
    pub pss_error_scrub_start: u64,
    pub pss_error_scrub_end: u64,
    pub pss_error_scrub_examined: u64,
    pub pss_error_scrub_to_be_examined: u64,
    pub pss_pass_error_scrub_pause: u64,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct pool_removal_stat {
    pub prs_state: u64,
    pub prs_removing_vdev: u64,
    pub prs_start_time: u64,
    pub prs_end_time: u64,
    pub prs_to_copy: u64,
    pub prs_copied: u64,
    pub prs_mapping_memory: u64,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct pool_raidz_expand_stat {
    pub pres_state: u64,
    pub pres_expanding_vdev: u64,
    pub pres_start_time: u64,
    pub pres_end_time: u64,
    pub pres_to_reflow: u64,
    pub pres_reflowed: u64,
    pub pres_waiting_for_resilver: u64,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct vdev_rebuild_stat {
    pub vrs_state: u64,
    pub vrs_start_time: u64,
    pub vrs_end_time: u64,
    pub vrs_scan_time_ms: u64,
    pub vrs_bytes_scanned: u64,
    pub vrs_bytes_issued: u64,
    pub vrs_bytes_rebuilt: u64,
    pub vrs_bytes_est: u64,
    pub vrs_errors: u64,
    pub vrs_pass_time_ms: u64,
    pub vrs_pass_bytes_scanned: u64,
    pub vrs_pass_bytes_issued: u64,
    pub vrs_pass_bytes_skipped: u64,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct vdev_stat {
    pub vs_timestamp: hrtime_t,
    pub vs_state: u64,
    pub vs_aux: u64,
    pub vs_alloc: u64,
    pub vs_space: u64,
    pub vs_dspace: u64,
    pub vs_rsize: u64,
    pub vs_esize: u64,
    pub vs_ops: [u64; 6usize],
    pub vs_bytes: [u64; 6usize],
    pub vs_read_errors: u64,
    pub vs_write_errors: u64,
    pub vs_checksum_errors: u64,
    pub vs_initialize_errors: u64,
    pub vs_self_healed: u64,
    pub vs_scan_removing: u64,
    pub vs_scan_processed: u64,
    pub vs_fragmentation: u64,
    pub vs_initialize_bytes_done: u64,
    pub vs_initialize_bytes_est: u64,
    pub vs_initialize_state: u64,
    pub vs_initialize_action_time: u64,
    pub vs_checkpoint_space: u64,
    pub vs_resilver_deferred: u64,
    pub vs_slow_ios: u64,
    pub vs_trim_errors: u64,
    pub vs_trim_notsup: u64,
    pub vs_trim_bytes_done: u64,
    pub vs_trim_bytes_est: u64,
    pub vs_trim_state: u64,
    pub vs_trim_action_time: u64,
    pub vs_rebuild_processed: u64,
    pub vs_configured_ashift: u64,
    pub vs_logical_ashift: u64,
    pub vs_physical_ashift: u64,
    pub vs_noalloc: u64,
    pub vs_pspace: u64,
    pub vs_dio_verify_errors: u64,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct vdev_stat_ex {
    pub vsx_active_queue: [u64; 9usize],
    pub vsx_pend_queue: [u64; 9usize],
    pub vsx_queue_histo: [[u64; 37usize]; 9usize],
    pub vsx_total_histo: [[u64; 37usize]; 7usize],
    pub vsx_disk_histo: [[u64; 37usize]; 7usize],
    pub vsx_ind_histo: [[u64; 25usize]; 9usize],
    pub vsx_agg_histo: [[u64; 25usize]; 9usize],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ddt_object {
    pub ddo_count: u64,
    pub ddo_dspace: u64,
    pub ddo_mspace: u64,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ddt_stat {
    pub dds_blocks: u64,
    pub dds_lsize: u64,
    pub dds_psize: u64,
    pub dds_dsize: u64,
    pub dds_ref_blocks: u64,
    pub dds_ref_lsize: u64,
    pub dds_ref_psize: u64,
    pub dds_ref_dsize: u64,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ddt_histogram {
    pub ddh_stat: [ddt_stat_t; 64usize],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct zfs_rewrite_args {
    pub off: u64,
    pub len: u64,
    pub flags: u64,
    pub arg: u64,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct pool_config_ops {
    pub pco_refresh_config: refresh_config_func_t,
    pub pco_pool_active: pool_active_func_t,
}
#[repr(C)]
pub struct importargs {
    pub path: *mut *mut ::core::ffi::c_char,
    pub paths: ::core::ffi::c_int,
    pub poolname: *const ::core::ffi::c_char,
    pub guid: u64,
    pub cachefile: *const ::core::ffi::c_char,
    pub can_be_active: boolean_t,
    pub scan: boolean_t,
    pub policy: *mut nvlist_t,
    pub do_destroyed: boolean_t,
    pub do_all: boolean_t,
}
#[repr(C)]
pub struct libpc_handle {
    pub lpc_error: ::core::ffi::c_int,
    pub lpc_printerr: boolean_t,
    pub lpc_open_access_error: boolean_t,
    pub lpc_desc_active: boolean_t,
    pub lpc_desc: [::core::ffi::c_char; 1024usize],
    pub lpc_ops: *const pool_config_ops,
    pub lpc_lib_handle: *mut ::core::ffi::c_void,
}
#[repr(C)]
#[derive(Debug)]
pub struct udev_device {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct mnttab {
    pub mnt_special: *mut ::core::ffi::c_char,
    pub mnt_mountp: *mut ::core::ffi::c_char,
    pub mnt_fstype: *mut ::core::ffi::c_char,
    pub mnt_mntopts: *mut ::core::ffi::c_char,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct avl_node {
    pub avl_child: [*mut avl_node; 2usize],
    pub avl_pcb: usize,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct avl_tree {
    pub avl_root: *mut avl_node,
    pub avl_compar: ::core::option::Option<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_void,
            arg2: *const ::core::ffi::c_void,
        ) -> ::core::ffi::c_int,
    >,
    pub avl_offset: usize,
    pub avl_numnodes: ulong_t,
    pub avl_pad: usize,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct zfs_perm_node {
    pub z_node: avl_node_t,
    pub z_pname: [::core::ffi::c_char; 4096usize],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct zfs_allow_node {
    pub z_node: avl_node_t,
    pub z_key: [::core::ffi::c_char; 4096usize],
    pub z_localdescend: avl_tree_t,
    pub z_local: avl_tree_t,
    pub z_descend: avl_tree_t,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct zfs_allow {
    pub z_next: *mut zfs_allow,
    pub z_setpoint: [::core::ffi::c_char; 4096usize],
    pub z_sets: avl_tree_t,
    pub z_crperms: avl_tree_t,
    pub z_user: avl_tree_t,
    pub z_group: avl_tree_t,
    pub z_everyone: avl_tree_t,
}
#[repr(C)]
#[derive(Debug)]
pub struct zfs_handle {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct zpool_handle {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct libzfs_handle {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct splitflags {
    pub _bitfield_1: __BindgenBitfieldUnit<[u8; 1usize]>,
    pub name_flags: ::core::ffi::c_int,
}
#[repr(C)]
pub struct trimflags {
    pub fullpool: boolean_t,
    pub secure: boolean_t,
    pub wait: boolean_t,
    pub rate: u64,
}
#[repr(C)]
pub struct zprop_list {
    pub pl_prop: ::core::ffi::c_int,
    pub pl_user_prop: *mut ::core::ffi::c_char,
    pub pl_next: *mut zprop_list,
    pub pl_all: boolean_t,
    pub pl_width: usize,
    pub pl_recvd_width: usize,
    pub pl_fixed: boolean_t,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct vdev_cbdata {
    pub cb_name_flags: ::core::ffi::c_int,
    pub cb_names: *mut *mut ::core::ffi::c_char,
    pub cb_names_count: ::core::ffi::c_uint,
}
#[repr(C)]
pub struct zprop_get_cbdata {
    pub cb_sources: ::core::ffi::c_int,
    pub cb_columns: [zfs_get_column_t; 5usize],
    pub cb_colwidths: [::core::ffi::c_int; 6usize],
    pub cb_scripted: boolean_t,
    pub cb_literal: boolean_t,
    pub cb_first: boolean_t,
    pub cb_json: boolean_t,
    pub cb_proplist: *mut zprop_list_t,
    pub cb_type: zfs_type_t,
    pub cb_vdevs: vdev_cbdata_t,
    pub cb_jsobj: *mut nvlist_t,
    pub cb_json_as_int: boolean_t,
    pub cb_json_pool_key_guid: boolean_t,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct zprop_set_cbdata {
    pub cb_flags: ::core::ffi::c_int,
    pub cb_proplist: *mut nvlist_t,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct get_all_cb {
    pub cb_handles: *mut *mut zfs_handle_t,
    pub cb_alloc: usize,
    pub cb_used: usize,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct renameflags {
    pub _bindgen_align: [u32; 0],
    pub _bitfield_1: __BindgenBitfieldUnit<[u8; 1usize]>,
    pub __bindgen_padding_0: [u8; 3usize],
}
#[repr(C)]
pub struct sendflags {
    pub verbosity: ::core::ffi::c_int,
    pub replicate: boolean_t,
    pub skipmissing: boolean_t,
    pub doall: boolean_t,
    pub fromorigin: boolean_t,
    pub pad: boolean_t,
    pub props: boolean_t,
    pub dryrun: boolean_t,
    pub parsable: boolean_t,
    pub progress: boolean_t,
    pub progressastitle: boolean_t,
    pub largeblock: boolean_t,
    pub embed_data: boolean_t,
    pub compress: boolean_t,
    pub raw: boolean_t,
    pub backup: boolean_t,
    pub holds: boolean_t,
    pub saved: boolean_t,
}
#[repr(C)]
pub struct recvflags {
    pub verbose: boolean_t,
    pub isprefix: boolean_t,
    pub istail: boolean_t,
    pub dryrun: boolean_t,
    pub force: boolean_t,
    pub canmountoff: boolean_t,
    pub resumable: boolean_t,
    pub byteswap: boolean_t,
    pub nomount: boolean_t,
    pub holds: boolean_t,
    pub skipholds: boolean_t,
    pub domount: boolean_t,
    pub forceunmount: boolean_t,
    pub heal: boolean_t,
}
pub const ZAP_MAXNAMELEN_NEW: u32 = 1024;
pub const ZPROP_MAX_COMMENT: u32 = 32;
pub const ZPROP_BOOLEAN_NA: u32 = 2;
pub const ZFS_WRITTEN_PROP_PREFIX_LEN: u32 = 8;
pub const ZFS_MLSLABEL_DEFAULT: &::core::ffi::CStr = c"none";
pub const ZFS_SMB_ACL_SRC: &::core::ffi::CStr = c"src";
pub const ZFS_SMB_ACL_TARGET: &::core::ffi::CStr = c"target";
pub const SPA_VERSION_STRING: &::core::ffi::CStr = c"5000";
pub const SPA_VERSION_INITIAL: u32 = 1;
pub const SPA_VERSION_DITTO_BLOCKS: u32 = 2;
pub const SPA_VERSION_SPARES: u32 = 3;
pub const SPA_VERSION_RAIDZ2: u32 = 3;
pub const SPA_VERSION_BPOBJ_ACCOUNT: u32 = 3;
pub const SPA_VERSION_RAIDZ_DEFLATE: u32 = 3;
pub const SPA_VERSION_DNODE_BYTES: u32 = 3;
pub const SPA_VERSION_ZPOOL_HISTORY: u32 = 4;
pub const SPA_VERSION_GZIP_COMPRESSION: u32 = 5;
pub const SPA_VERSION_BOOTFS: u32 = 6;
pub const SPA_VERSION_SLOGS: u32 = 7;
pub const SPA_VERSION_DELEGATED_PERMS: u32 = 8;
pub const SPA_VERSION_FUID: u32 = 9;
pub const SPA_VERSION_REFRESERVATION: u32 = 9;
pub const SPA_VERSION_REFQUOTA: u32 = 9;
pub const SPA_VERSION_UNIQUE_ACCURATE: u32 = 9;
pub const SPA_VERSION_L2CACHE: u32 = 10;
pub const SPA_VERSION_NEXT_CLONES: u32 = 11;
pub const SPA_VERSION_ORIGIN: u32 = 11;
pub const SPA_VERSION_DSL_SCRUB: u32 = 11;
pub const SPA_VERSION_SNAP_PROPS: u32 = 12;
pub const SPA_VERSION_USED_BREAKDOWN: u32 = 13;
pub const SPA_VERSION_PASSTHROUGH_X: u32 = 14;
pub const SPA_VERSION_USERSPACE: u32 = 15;
pub const SPA_VERSION_STMF_PROP: u32 = 16;
pub const SPA_VERSION_RAIDZ3: u32 = 17;
pub const SPA_VERSION_USERREFS: u32 = 18;
pub const SPA_VERSION_HOLES: u32 = 19;
pub const SPA_VERSION_ZLE_COMPRESSION: u32 = 20;
pub const SPA_VERSION_DEDUP: u32 = 21;
pub const SPA_VERSION_RECVD_PROPS: u32 = 22;
pub const SPA_VERSION_SLIM_ZIL: u32 = 23;
pub const SPA_VERSION_SA: u32 = 24;
pub const SPA_VERSION_SCAN: u32 = 25;
pub const SPA_VERSION_DIR_CLONES: u32 = 26;
pub const SPA_VERSION_DEADLISTS: u32 = 26;
pub const SPA_VERSION_FAST_SNAP: u32 = 27;
pub const SPA_VERSION_MULTI_REPLACE: u32 = 28;
pub const SPA_VERSION_BEFORE_FEATURES: u32 = 28;
pub const SPA_VERSION_FEATURES: u32 = 5000;
pub const ZPL_VERSION_1: u32 = 1;
pub const ZPL_VERSION_2: u32 = 2;
pub const ZPL_VERSION_3: u32 = 3;
pub const ZPL_VERSION_4: u32 = 4;
pub const ZPL_VERSION_5: u32 = 5;
pub const ZPL_VERSION: u32 = 5;
pub const ZPL_VERSION_STRING: &::core::ffi::CStr = c"5";
pub const ZPL_VERSION_INITIAL: u32 = 1;
pub const ZPL_VERSION_DIRENT_TYPE: u32 = 2;
pub const ZPL_VERSION_FUID: u32 = 3;
pub const ZPL_VERSION_NORMALIZATION: u32 = 3;
pub const ZPL_VERSION_SYSATTR: u32 = 3;
pub const ZPL_VERSION_USERSPACE: u32 = 4;
pub const ZPL_VERSION_SA: u32 = 5;
pub const L2ARC_PERSISTENT_VERSION_1: u32 = 1;
pub const L2ARC_PERSISTENT_VERSION: u32 = 1;
pub const L2ARC_PERSISTENT_VERSION_STRING: &::core::ffi::CStr = c"1";
pub const ZPOOL_EXTREME_REWIND: u32 = 16;
pub const ZPOOL_CONFIG_MIN_ALLOC: &::core::ffi::CStr = c"min_alloc";
pub const ZPOOL_CONFIG_MAX_ALLOC: &::core::ffi::CStr = c"max_alloc";
pub const ZPOOL_CONFIG_RAIDZ_EXPAND_STATS: &::core::ffi::CStr = c"raidz_expand_stats";
pub const ZPOOL_CONFIG_VDEV_REBUILD_ACTIVE_QUEUE: &::core::ffi::CStr = c"vdev_rebuild_active_queue";
pub const ZPOOL_CONFIG_VDEV_REBUILD_PEND_QUEUE: &::core::ffi::CStr = c"vdev_rebuild_pend_queue";
pub const ZPOOL_CONFIG_VDEV_REBUILD_LAT_HISTO: &::core::ffi::CStr = c"vdev_rebuild_histo";
pub const ZPOOL_CONFIG_VDEV_IND_REBUILD_HISTO: &::core::ffi::CStr = c"vdev_ind_rebuild_histo";
pub const ZPOOL_CONFIG_VDEV_AGG_REBUILD_HISTO: &::core::ffi::CStr = c"vdev_agg_rebuild_histo";
pub const ZPOOL_CONFIG_VDEV_DIO_VERIFY_ERRORS: &::core::ffi::CStr = c"vdev_dio_verify_errors";
pub const ZPOOL_CONFIG_RAIDZ_EXPANDING: &::core::ffi::CStr = c"raidz_expanding";
pub const ZPOOL_CONFIG_RAIDZ_EXPAND_TXGS: &::core::ffi::CStr = c"raidz_expand_txgs";
pub const ZPOOL_CONFIG_NONALLOCATING: &::core::ffi::CStr = c"non_allocating";
pub const ZPOOL_CONFIG_VDEV_ROOT_ZAP: &::core::ffi::CStr = c"com.klarasystems:vdev_zap_root";
pub const ZPOOL_CONFIG_MMP_RESULT: &::core::ffi::CStr = c"mmp_result";
pub const ZPOOL_CONFIG_MMP_TRYIMPORT_NS: &::core::ffi::CStr = c"mmp_tryimport_ns";
pub const ZPOOL_CONFIG_MMP_IMPORT_NS: &::core::ffi::CStr = c"mmp_import_ns";
pub const ZPOOL_CONFIG_MMP_CLAIM_NS: &::core::ffi::CStr = c"mmp_claim_ns";
pub const VDEV_TYPE_ROOT: &::core::ffi::CStr = c"root";
pub const VDEV_TYPE_MIRROR: &::core::ffi::CStr = c"mirror";
pub const VDEV_TYPE_REPLACING: &::core::ffi::CStr = c"replacing";
pub const VDEV_TYPE_RAIDZ: &::core::ffi::CStr = c"raidz";
pub const VDEV_TYPE_DRAID: &::core::ffi::CStr = c"draid";
pub const VDEV_TYPE_DRAID_SPARE: &::core::ffi::CStr = c"dspare";
pub const VDEV_TYPE_DISK: &::core::ffi::CStr = c"disk";
pub const VDEV_TYPE_FILE: &::core::ffi::CStr = c"file";
pub const VDEV_TYPE_MISSING: &::core::ffi::CStr = c"missing";
pub const VDEV_TYPE_HOLE: &::core::ffi::CStr = c"hole";
pub const VDEV_TYPE_SPARE: &::core::ffi::CStr = c"spare";
pub const VDEV_TYPE_LOG: &::core::ffi::CStr = c"log";
pub const VDEV_TYPE_L2CACHE: &::core::ffi::CStr = c"l2cache";
pub const VDEV_TYPE_INDIRECT: &::core::ffi::CStr = c"indirect";
pub const VDEV_RAIDZ_MAXPARITY: u32 = 3;
pub const VDEV_DRAID_MAXPARITY: u32 = 3;
pub const VDEV_DRAID_MIN_CHILDREN: u32 = 2;
pub const VDEV_DRAID_MAX_CHILDREN: u32 = 255;
pub const VDEV_TOP_ZAP_INDIRECT_OBSOLETE_SM: &::core::ffi::CStr =
    c"com.delphix:indirect_obsolete_sm";
pub const VDEV_TOP_ZAP_OBSOLETE_COUNTS_ARE_PRECISE: &::core::ffi::CStr =
    c"com.delphix:obsolete_counts_are_precise";
pub const VDEV_TOP_ZAP_POOL_CHECKPOINT_SM: &::core::ffi::CStr = c"com.delphix:pool_checkpoint_sm";
pub const VDEV_TOP_ZAP_MS_UNFLUSHED_PHYS_TXGS: &::core::ffi::CStr =
    c"com.delphix:ms_unflushed_phys_txgs";
pub const VDEV_TOP_ZAP_VDEV_REBUILD_PHYS: &::core::ffi::CStr = c"org.openzfs:vdev_rebuild";
pub const VDEV_TOP_ZAP_ALLOCATION_BIAS: &::core::ffi::CStr = c"org.zfsonlinux:allocation_bias";
pub const VDEV_TOP_ZAP_RAIDZ_EXPAND_STATE: &::core::ffi::CStr = c"org.openzfs:raidz_expand_state";
pub const VDEV_TOP_ZAP_RAIDZ_EXPAND_START_TIME: &::core::ffi::CStr =
    c"org.openzfs:raidz_expand_start_time";
pub const VDEV_TOP_ZAP_RAIDZ_EXPAND_END_TIME: &::core::ffi::CStr =
    c"org.openzfs:raidz_expand_end_time";
pub const VDEV_TOP_ZAP_RAIDZ_EXPAND_BYTES_COPIED: &::core::ffi::CStr =
    c"org.openzfs:raidz_expand_bytes_copied";
pub const VDEV_ALLOC_BIAS_LOG: &::core::ffi::CStr = c"log";
pub const VDEV_ALLOC_BIAS_SPECIAL: &::core::ffi::CStr = c"special";
pub const VDEV_ALLOC_BIAS_DEDUP: &::core::ffi::CStr = c"dedup";
pub const VDEV_LEAF_ZAP_INITIALIZE_LAST_OFFSET: &::core::ffi::CStr =
    c"com.delphix:next_offset_to_initialize";
pub const VDEV_LEAF_ZAP_INITIALIZE_STATE: &::core::ffi::CStr = c"com.delphix:vdev_initialize_state";
pub const VDEV_LEAF_ZAP_INITIALIZE_ACTION_TIME: &::core::ffi::CStr =
    c"com.delphix:vdev_initialize_action_time";
pub const VDEV_LEAF_ZAP_TRIM_LAST_OFFSET: &::core::ffi::CStr =
    c"org.zfsonlinux:next_offset_to_trim";
pub const VDEV_LEAF_ZAP_TRIM_STATE: &::core::ffi::CStr = c"org.zfsonlinux:vdev_trim_state";
pub const VDEV_LEAF_ZAP_TRIM_ACTION_TIME: &::core::ffi::CStr =
    c"org.zfsonlinux:vdev_trim_action_time";
pub const VDEV_LEAF_ZAP_TRIM_RATE: &::core::ffi::CStr = c"org.zfsonlinux:vdev_trim_rate";
pub const VDEV_LEAF_ZAP_TRIM_PARTIAL: &::core::ffi::CStr = c"org.zfsonlinux:vdev_trim_partial";
pub const VDEV_LEAF_ZAP_TRIM_SECURE: &::core::ffi::CStr = c"org.zfsonlinux:vdev_trim_secure";
pub const SPA_MINDEVSIZE: u32 = 67108864;
pub const ZPOOL_CACHE_BOOT: &::core::ffi::CStr = c"/boot/zfs/zpool.cache";
pub const ZPOOL_CACHE: &::core::ffi::CStr = c"/etc/zfs/zpool.cache";
pub const ZPOOL_COMPAT_MAXSIZE: u32 = 16384;
pub const ZPOOL_COMPAT_LEGACY: &::core::ffi::CStr = c"legacy";
pub const ZPOOL_COMPAT_OFF: &::core::ffi::CStr = c"off";
pub const VS_ZIO_TYPES: u32 = 6;
pub const VDEV_L_HISTO_BUCKETS: u32 = 37;
pub const VDEV_RQ_HISTO_BUCKETS: u32 = 25;
pub const ZFS_DEVDIR: &::core::ffi::CStr = c"/dev";
pub const ZVOL_MAJOR: u32 = 230;
pub const ZVOL_MINOR_BITS: u32 = 4;
pub const ZVOL_MINOR_MASK: u32 = 15;
pub const ZVOL_MINORS: u32 = 16;
pub const ZVOL_DEFAULT_BLOCKSIZE: u32 = 16384;
pub const ZFS_READONLY: u64 = 4294967296;
pub const ZFS_HIDDEN: u64 = 8589934592;
pub const ZFS_SYSTEM: u64 = 17179869184;
pub const ZFS_ARCHIVE: u64 = 34359738368;
pub const ZFS_IMMUTABLE: u64 = 68719476736;
pub const ZFS_NOUNLINK: u64 = 137438953472;
pub const ZFS_APPENDONLY: u64 = 274877906944;
pub const ZFS_NODUMP: u64 = 549755813888;
pub const ZFS_OPAQUE: u64 = 1099511627776;
pub const ZFS_AV_QUARANTINED: u64 = 2199023255552;
pub const ZFS_AV_MODIFIED: u64 = 4398046511104;
pub const ZFS_REPARSE: u64 = 8796093022208;
pub const ZFS_OFFLINE: u64 = 17592186044416;
pub const ZFS_SPARSE: u64 = 35184372088832;
pub const ZFS_DOS_FL_USER_VISIBLE: u64 = 62667867815936;
pub const ZPOOL_GET_PROPS_NAMES: &::core::ffi::CStr = c"get_props_names";
pub const ZPOOL_DEDUPCACHED_PROP_NAME: &::core::ffi::CStr = c"dedupcached";
pub const ZPOOL_REGUID_GUID: &::core::ffi::CStr = c"guid";
pub const ZPOOL_VDEV_PROPS_GET_VDEV: &::core::ffi::CStr = c"vdevprops_get_vdev";
pub const ZPOOL_VDEV_PROPS_GET_PROPS: &::core::ffi::CStr = c"vdevprops_get_props";
pub const ZPOOL_VDEV_PROPS_SET_VDEV: &::core::ffi::CStr = c"vdevprops_set_vdev";
pub const ZPOOL_VDEV_PROPS_SET_PROPS: &::core::ffi::CStr = c"vdevprops_set_props";
pub const ZPOOL_PREFETCH_TYPE: &::core::ffi::CStr = c"prefetch_type";
pub const DDT_PRUNE_UNIT: &::core::ffi::CStr = c"ddt_prune_unit";
pub const DDT_PRUNE_AMOUNT: &::core::ffi::CStr = c"ddt_prune_amount";
pub const ZFS_XA_NS_FREEBSD_PREFIX: &::core::ffi::CStr = c"freebsd:";
pub const ZFS_XA_NS_LINUX_SECURITY_PREFIX: &::core::ffi::CStr = c"security.";
pub const ZFS_XA_NS_LINUX_SYSTEM_PREFIX: &::core::ffi::CStr = c"system.";
pub const ZFS_XA_NS_LINUX_TRUSTED_PREFIX: &::core::ffi::CStr = c"trusted.";
pub const ZFS_XA_NS_LINUX_USER_PREFIX: &::core::ffi::CStr = c"user.";
pub const DISK_LABEL_WAIT: u32 = 30000;
pub const DISK_ROOT: &::core::ffi::CStr = c"/dev";
pub const UDISK_ROOT: &::core::ffi::CStr = c"/dev/disk";
pub const ZVOL_ROOT: &::core::ffi::CStr = c"/dev/zvol";
pub const ANSI_BLACK: &::core::ffi::CStr = c"\u{1b}[0;30m";
pub const ANSI_RED: &::core::ffi::CStr = c"\u{1b}[0;31m";
pub const ANSI_GREEN: &::core::ffi::CStr = c"\u{1b}[0;32m";
pub const ANSI_YELLOW: &::core::ffi::CStr = c"\u{1b}[0;33m";
pub const ANSI_BLUE: &::core::ffi::CStr = c"\u{1b}[0;34m";
pub const ANSI_BOLD_BLUE: &::core::ffi::CStr = c"\u{1b}[1;34m";
pub const ANSI_MAGENTA: &::core::ffi::CStr = c"\u{1b}[0;35m";
pub const ANSI_CYAN: &::core::ffi::CStr = c"\u{1b}[0;36m";
pub const ANSI_GRAY: &::core::ffi::CStr = c"\u{1b}[0;37m";
pub const ANSI_RESET: &::core::ffi::CStr = c"\u{1b}[0m";
pub const ANSI_BOLD: &::core::ffi::CStr = c"\u{1b}[1m";
pub const ZFS_MAXPROPLEN: u32 = 8192;
pub const ZPOOL_MAXPROPLEN: u32 = 8192;
pub const ZFS_MOUNTPOINT_NONE: &::core::ffi::CStr = c"none";
pub const ZFS_MOUNTPOINT_LEGACY: &::core::ffi::CStr = c"legacy";
pub const ZFS_FEATURE_DISABLED: &::core::ffi::CStr = c"disabled";
pub const ZFS_FEATURE_ENABLED: &::core::ffi::CStr = c"enabled";
pub const ZFS_FEATURE_ACTIVE: &::core::ffi::CStr = c"active";
pub const ZFS_UNSUPPORTED_INACTIVE: &::core::ffi::CStr = c"inactive";
pub const ZFS_UNSUPPORTED_READONLY: &::core::ffi::CStr = c"readonly";
pub const ZFS_GET_NCOLS: u32 = 5;
pub const ZFS_SET_NOMOUNT: u32 = 1;
pub const ZFS_ITER_RECURSE: u32 = 1;
pub const ZFS_ITER_ARGS_CAN_BE_PATHS: u32 = 2;
pub const ZFS_ITER_PROP_LISTSNAPS: u32 = 4;
pub const ZFS_ITER_DEPTH_LIMIT: u32 = 8;
pub const ZFS_ITER_RECVD_PROPS: u32 = 16;
pub const ZFS_ITER_LITERAL_PROPS: u32 = 32;
pub const ZFS_ITER_SIMPLE: u32 = 64;
pub const SA_NO_PROTOCOL: i32 = -1;
pub const STDOUT_VERBOSE: u32 = 1;
pub const STDERR_VERBOSE: u32 = 2;
pub const NO_DEFAULT_PATH: u32 = 4;
pub const VDEV_PROP_INVAL: vdev_prop_t = -1;
pub const VDEV_PROP_USERPROP: vdev_prop_t = -1;
pub const VDEV_PROP_NAME: vdev_prop_t = 0;
pub const VDEV_PROP_CAPACITY: vdev_prop_t = 1;
pub const VDEV_PROP_STATE: vdev_prop_t = 2;
pub const VDEV_PROP_GUID: vdev_prop_t = 3;
pub const VDEV_PROP_ASIZE: vdev_prop_t = 4;
pub const VDEV_PROP_PSIZE: vdev_prop_t = 5;
pub const VDEV_PROP_ASHIFT: vdev_prop_t = 6;
pub const VDEV_PROP_SIZE: vdev_prop_t = 7;
pub const VDEV_PROP_FREE: vdev_prop_t = 8;
pub const VDEV_PROP_ALLOCATED: vdev_prop_t = 9;
pub const VDEV_PROP_COMMENT: vdev_prop_t = 10;
pub const VDEV_PROP_EXPANDSZ: vdev_prop_t = 11;
pub const VDEV_PROP_FRAGMENTATION: vdev_prop_t = 12;
pub const VDEV_PROP_BOOTSIZE: vdev_prop_t = 13;
pub const VDEV_PROP_PARITY: vdev_prop_t = 14;
pub const VDEV_PROP_PATH: vdev_prop_t = 15;
pub const VDEV_PROP_DEVID: vdev_prop_t = 16;
pub const VDEV_PROP_PHYS_PATH: vdev_prop_t = 17;
pub const VDEV_PROP_ENC_PATH: vdev_prop_t = 18;
pub const VDEV_PROP_FRU: vdev_prop_t = 19;
pub const VDEV_PROP_PARENT: vdev_prop_t = 20;
pub const VDEV_PROP_CHILDREN: vdev_prop_t = 21;
pub const VDEV_PROP_NUMCHILDREN: vdev_prop_t = 22;
pub const VDEV_PROP_READ_ERRORS: vdev_prop_t = 23;
pub const VDEV_PROP_WRITE_ERRORS: vdev_prop_t = 24;
pub const VDEV_PROP_CHECKSUM_ERRORS: vdev_prop_t = 25;
pub const VDEV_PROP_INITIALIZE_ERRORS: vdev_prop_t = 26;
pub const VDEV_PROP_OPS_NULL: vdev_prop_t = 27;
pub const VDEV_PROP_OPS_READ: vdev_prop_t = 28;
pub const VDEV_PROP_OPS_WRITE: vdev_prop_t = 29;
pub const VDEV_PROP_OPS_FREE: vdev_prop_t = 30;
pub const VDEV_PROP_OPS_CLAIM: vdev_prop_t = 31;
pub const VDEV_PROP_OPS_TRIM: vdev_prop_t = 32;
pub const VDEV_PROP_BYTES_NULL: vdev_prop_t = 33;
pub const VDEV_PROP_BYTES_READ: vdev_prop_t = 34;
pub const VDEV_PROP_BYTES_WRITE: vdev_prop_t = 35;
pub const VDEV_PROP_BYTES_FREE: vdev_prop_t = 36;
pub const VDEV_PROP_BYTES_CLAIM: vdev_prop_t = 37;
pub const VDEV_PROP_BYTES_TRIM: vdev_prop_t = 38;
pub const VDEV_PROP_REMOVING: vdev_prop_t = 39;
pub const VDEV_PROP_ALLOCATING: vdev_prop_t = 40;
pub const VDEV_PROP_FAILFAST: vdev_prop_t = 41;
pub const VDEV_PROP_CHECKSUM_N: vdev_prop_t = 42;
pub const VDEV_PROP_CHECKSUM_T: vdev_prop_t = 43;
pub const VDEV_PROP_IO_N: vdev_prop_t = 44;
pub const VDEV_PROP_IO_T: vdev_prop_t = 45;
pub const VDEV_PROP_RAIDZ_EXPANDING: vdev_prop_t = 46;
pub const VDEV_PROP_SLOW_IO_N: vdev_prop_t = 47;
pub const VDEV_PROP_SLOW_IO_T: vdev_prop_t = 48;
pub const VDEV_PROP_TRIM_SUPPORT: vdev_prop_t = 49;
pub const VDEV_PROP_TRIM_ERRORS: vdev_prop_t = 50;
pub const VDEV_PROP_SLOW_IOS: vdev_prop_t = 51;
pub const ZFS_SHARE_NFS: zfs_share_op = 0;
pub const ZFS_UNSHARE_NFS: zfs_share_op = 1;
pub const ZFS_SHARE_SMB: zfs_share_op = 2;
pub const ZFS_UNSHARE_SMB: zfs_share_op = 3;
pub const ZFS_DIRECT_DISABLED: zfs_direct_t = 0;
pub const ZFS_DIRECT_STANDARD: zfs_direct_t = 1;
pub const ZFS_DIRECT_ALWAYS: zfs_direct_t = 2;
pub const ZFS_PREFETCH_NONE: zfs_prefetch_type_t = 0;
pub const ZFS_PREFETCH_METADATA: zfs_prefetch_type_t = 1;
pub const ZFS_PREFETCH_ALL: zfs_prefetch_type_t = 2;
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of zpool_load_policy"][::core::mem::size_of::<zpool_load_policy>() - 32usize];
    ["Alignment of zpool_load_policy"][::core::mem::align_of::<zpool_load_policy>() - 8usize];
    ["Offset of field: zpool_load_policy::zlp_rewind"]
        [::core::mem::offset_of!(zpool_load_policy, zlp_rewind) - 0usize];
    ["Offset of field: zpool_load_policy::zlp_maxmeta"]
        [::core::mem::offset_of!(zpool_load_policy, zlp_maxmeta) - 8usize];
    ["Offset of field: zpool_load_policy::zlp_maxdata"]
        [::core::mem::offset_of!(zpool_load_policy, zlp_maxdata) - 16usize];
    ["Offset of field: zpool_load_policy::zlp_txg"]
        [::core::mem::offset_of!(zpool_load_policy, zlp_txg) - 24usize];
};
pub const MMP_STATE_ACTIVE: mmp_state = 0;
pub const MMP_STATE_INACTIVE: mmp_state = 1;
pub const MMP_STATE_NO_HOSTID: mmp_state = 2;
pub const CS_NONE: checkpoint_state_t = 0;
pub const CS_CHECKPOINT_EXISTS: checkpoint_state_t = 1;
pub const CS_CHECKPOINT_DISCARDING: checkpoint_state_t = 2;
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of pool_checkpoint_stat"][::core::mem::size_of::<pool_checkpoint_stat>() - 24usize];
    ["Alignment of pool_checkpoint_stat"][::core::mem::align_of::<pool_checkpoint_stat>() - 8usize];
    ["Offset of field: pool_checkpoint_stat::pcs_state"]
        [::core::mem::offset_of!(pool_checkpoint_stat, pcs_state) - 0usize];
    ["Offset of field: pool_checkpoint_stat::pcs_start_time"]
        [::core::mem::offset_of!(pool_checkpoint_stat, pcs_start_time) - 8usize];
    ["Offset of field: pool_checkpoint_stat::pcs_space"]
        [::core::mem::offset_of!(pool_checkpoint_stat, pcs_space) - 16usize];
};
pub const ZIO_TYPE_NULL: zio_type = 0;
pub const ZIO_TYPE_READ: zio_type = 1;
pub const ZIO_TYPE_WRITE: zio_type = 2;
pub const ZIO_TYPE_FREE: zio_type = 3;
pub const ZIO_TYPE_CLAIM: zio_type = 4;
pub const ZIO_TYPE_FLUSH: zio_type = 5;
pub const ZIO_TYPE_TRIM: zio_type = 6;
pub const ZIO_TYPES: zio_type = 7;
pub const ZIO_PRIORITY_SYNC_READ: zio_priority = 0;
pub const ZIO_PRIORITY_SYNC_WRITE: zio_priority = 1;
pub const ZIO_PRIORITY_ASYNC_READ: zio_priority = 2;
pub const ZIO_PRIORITY_ASYNC_WRITE: zio_priority = 3;
pub const ZIO_PRIORITY_SCRUB: zio_priority = 4;
pub const ZIO_PRIORITY_REMOVAL: zio_priority = 5;
pub const ZIO_PRIORITY_INITIALIZING: zio_priority = 6;
pub const ZIO_PRIORITY_TRIM: zio_priority = 7;
pub const ZIO_PRIORITY_REBUILD: zio_priority = 8;
pub const ZIO_PRIORITY_NOW: zio_priority = 10;
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of pool_scan_stat"][::core::mem::size_of::<pool_scan_stat>() - 176usize];
    ["Alignment of pool_scan_stat"][::core::mem::align_of::<pool_scan_stat>() - 8usize];
    ["Offset of field: pool_scan_stat::pss_func"]
        [::core::mem::offset_of!(pool_scan_stat, pss_func) - 0usize];
    ["Offset of field: pool_scan_stat::pss_state"]
        [::core::mem::offset_of!(pool_scan_stat, pss_state) - 8usize];
    ["Offset of field: pool_scan_stat::pss_start_time"]
        [::core::mem::offset_of!(pool_scan_stat, pss_start_time) - 16usize];
    ["Offset of field: pool_scan_stat::pss_end_time"]
        [::core::mem::offset_of!(pool_scan_stat, pss_end_time) - 24usize];
    ["Offset of field: pool_scan_stat::pss_to_examine"]
        [::core::mem::offset_of!(pool_scan_stat, pss_to_examine) - 32usize];
    ["Offset of field: pool_scan_stat::pss_examined"]
        [::core::mem::offset_of!(pool_scan_stat, pss_examined) - 40usize];
    ["Offset of field: pool_scan_stat::pss_skipped"]
        [::core::mem::offset_of!(pool_scan_stat, pss_skipped) - 48usize];
    ["Offset of field: pool_scan_stat::pss_processed"]
        [::core::mem::offset_of!(pool_scan_stat, pss_processed) - 56usize];
    ["Offset of field: pool_scan_stat::pss_errors"]
        [::core::mem::offset_of!(pool_scan_stat, pss_errors) - 64usize];
    ["Offset of field: pool_scan_stat::pss_pass_exam"]
        [::core::mem::offset_of!(pool_scan_stat, pss_pass_exam) - 72usize];
    ["Offset of field: pool_scan_stat::pss_pass_start"]
        [::core::mem::offset_of!(pool_scan_stat, pss_pass_start) - 80usize];
    ["Offset of field: pool_scan_stat::pss_pass_scrub_pause"]
        [::core::mem::offset_of!(pool_scan_stat, pss_pass_scrub_pause) - 88usize];
    ["Offset of field: pool_scan_stat::pss_pass_scrub_spent_paused"]
        [::core::mem::offset_of!(pool_scan_stat, pss_pass_scrub_spent_paused) - 96usize];
    ["Offset of field: pool_scan_stat::pss_pass_issued"]
        [::core::mem::offset_of!(pool_scan_stat, pss_pass_issued) - 104usize];
    ["Offset of field: pool_scan_stat::pss_issued"]
        [::core::mem::offset_of!(pool_scan_stat, pss_issued) - 112usize];
    ["Offset of field: pool_scan_stat::pss_error_scrub_func"]
        [::core::mem::offset_of!(pool_scan_stat, pss_error_scrub_func) - 120usize];
    ["Offset of field: pool_scan_stat::pss_error_scrub_state"]
        [::core::mem::offset_of!(pool_scan_stat, pss_error_scrub_state) - 128usize];
    ["Offset of field: pool_scan_stat::pss_error_scrub_start"]
        [::core::mem::offset_of!(pool_scan_stat, pss_error_scrub_start) - 136usize];
    ["Offset of field: pool_scan_stat::pss_error_scrub_end"]
        [::core::mem::offset_of!(pool_scan_stat, pss_error_scrub_end) - 144usize];
    ["Offset of field: pool_scan_stat::pss_error_scrub_examined"]
        [::core::mem::offset_of!(pool_scan_stat, pss_error_scrub_examined) - 152usize];
    ["Offset of field: pool_scan_stat::pss_error_scrub_to_be_examined"]
        [::core::mem::offset_of!(pool_scan_stat, pss_error_scrub_to_be_examined) - 160usize];
    ["Offset of field: pool_scan_stat::pss_pass_error_scrub_pause"]
        [::core::mem::offset_of!(pool_scan_stat, pss_pass_error_scrub_pause) - 168usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of pool_removal_stat"][::core::mem::size_of::<pool_removal_stat>() - 56usize];
    ["Alignment of pool_removal_stat"][::core::mem::align_of::<pool_removal_stat>() - 8usize];
    ["Offset of field: pool_removal_stat::prs_state"]
        [::core::mem::offset_of!(pool_removal_stat, prs_state) - 0usize];
    ["Offset of field: pool_removal_stat::prs_removing_vdev"]
        [::core::mem::offset_of!(pool_removal_stat, prs_removing_vdev) - 8usize];
    ["Offset of field: pool_removal_stat::prs_start_time"]
        [::core::mem::offset_of!(pool_removal_stat, prs_start_time) - 16usize];
    ["Offset of field: pool_removal_stat::prs_end_time"]
        [::core::mem::offset_of!(pool_removal_stat, prs_end_time) - 24usize];
    ["Offset of field: pool_removal_stat::prs_to_copy"]
        [::core::mem::offset_of!(pool_removal_stat, prs_to_copy) - 32usize];
    ["Offset of field: pool_removal_stat::prs_copied"]
        [::core::mem::offset_of!(pool_removal_stat, prs_copied) - 40usize];
    ["Offset of field: pool_removal_stat::prs_mapping_memory"]
        [::core::mem::offset_of!(pool_removal_stat, prs_mapping_memory) - 48usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of pool_raidz_expand_stat"][::core::mem::size_of::<pool_raidz_expand_stat>() - 56usize];
    ["Alignment of pool_raidz_expand_stat"]
        [::core::mem::align_of::<pool_raidz_expand_stat>() - 8usize];
    ["Offset of field: pool_raidz_expand_stat::pres_state"]
        [::core::mem::offset_of!(pool_raidz_expand_stat, pres_state) - 0usize];
    ["Offset of field: pool_raidz_expand_stat::pres_expanding_vdev"]
        [::core::mem::offset_of!(pool_raidz_expand_stat, pres_expanding_vdev) - 8usize];
    ["Offset of field: pool_raidz_expand_stat::pres_start_time"]
        [::core::mem::offset_of!(pool_raidz_expand_stat, pres_start_time) - 16usize];
    ["Offset of field: pool_raidz_expand_stat::pres_end_time"]
        [::core::mem::offset_of!(pool_raidz_expand_stat, pres_end_time) - 24usize];
    ["Offset of field: pool_raidz_expand_stat::pres_to_reflow"]
        [::core::mem::offset_of!(pool_raidz_expand_stat, pres_to_reflow) - 32usize];
    ["Offset of field: pool_raidz_expand_stat::pres_reflowed"]
        [::core::mem::offset_of!(pool_raidz_expand_stat, pres_reflowed) - 40usize];
    ["Offset of field: pool_raidz_expand_stat::pres_waiting_for_resilver"]
        [::core::mem::offset_of!(pool_raidz_expand_stat, pres_waiting_for_resilver) - 48usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of vdev_rebuild_stat"][::core::mem::size_of::<vdev_rebuild_stat>() - 104usize];
    ["Alignment of vdev_rebuild_stat"][::core::mem::align_of::<vdev_rebuild_stat>() - 8usize];
    ["Offset of field: vdev_rebuild_stat::vrs_state"]
        [::core::mem::offset_of!(vdev_rebuild_stat, vrs_state) - 0usize];
    ["Offset of field: vdev_rebuild_stat::vrs_start_time"]
        [::core::mem::offset_of!(vdev_rebuild_stat, vrs_start_time) - 8usize];
    ["Offset of field: vdev_rebuild_stat::vrs_end_time"]
        [::core::mem::offset_of!(vdev_rebuild_stat, vrs_end_time) - 16usize];
    ["Offset of field: vdev_rebuild_stat::vrs_scan_time_ms"]
        [::core::mem::offset_of!(vdev_rebuild_stat, vrs_scan_time_ms) - 24usize];
    ["Offset of field: vdev_rebuild_stat::vrs_bytes_scanned"]
        [::core::mem::offset_of!(vdev_rebuild_stat, vrs_bytes_scanned) - 32usize];
    ["Offset of field: vdev_rebuild_stat::vrs_bytes_issued"]
        [::core::mem::offset_of!(vdev_rebuild_stat, vrs_bytes_issued) - 40usize];
    ["Offset of field: vdev_rebuild_stat::vrs_bytes_rebuilt"]
        [::core::mem::offset_of!(vdev_rebuild_stat, vrs_bytes_rebuilt) - 48usize];
    ["Offset of field: vdev_rebuild_stat::vrs_bytes_est"]
        [::core::mem::offset_of!(vdev_rebuild_stat, vrs_bytes_est) - 56usize];
    ["Offset of field: vdev_rebuild_stat::vrs_errors"]
        [::core::mem::offset_of!(vdev_rebuild_stat, vrs_errors) - 64usize];
    ["Offset of field: vdev_rebuild_stat::vrs_pass_time_ms"]
        [::core::mem::offset_of!(vdev_rebuild_stat, vrs_pass_time_ms) - 72usize];
    ["Offset of field: vdev_rebuild_stat::vrs_pass_bytes_scanned"]
        [::core::mem::offset_of!(vdev_rebuild_stat, vrs_pass_bytes_scanned) - 80usize];
    ["Offset of field: vdev_rebuild_stat::vrs_pass_bytes_issued"]
        [::core::mem::offset_of!(vdev_rebuild_stat, vrs_pass_bytes_issued) - 88usize];
    ["Offset of field: vdev_rebuild_stat::vrs_pass_bytes_skipped"]
        [::core::mem::offset_of!(vdev_rebuild_stat, vrs_pass_bytes_skipped) - 96usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of vdev_stat"][::core::mem::size_of::<vdev_stat>() - 384usize];
    ["Alignment of vdev_stat"][::core::mem::align_of::<vdev_stat>() - 8usize];
    ["Offset of field: vdev_stat::vs_timestamp"]
        [::core::mem::offset_of!(vdev_stat, vs_timestamp) - 0usize];
    ["Offset of field: vdev_stat::vs_state"][::core::mem::offset_of!(vdev_stat, vs_state) - 8usize];
    ["Offset of field: vdev_stat::vs_aux"][::core::mem::offset_of!(vdev_stat, vs_aux) - 16usize];
    ["Offset of field: vdev_stat::vs_alloc"]
        [::core::mem::offset_of!(vdev_stat, vs_alloc) - 24usize];
    ["Offset of field: vdev_stat::vs_space"]
        [::core::mem::offset_of!(vdev_stat, vs_space) - 32usize];
    ["Offset of field: vdev_stat::vs_dspace"]
        [::core::mem::offset_of!(vdev_stat, vs_dspace) - 40usize];
    ["Offset of field: vdev_stat::vs_rsize"]
        [::core::mem::offset_of!(vdev_stat, vs_rsize) - 48usize];
    ["Offset of field: vdev_stat::vs_esize"]
        [::core::mem::offset_of!(vdev_stat, vs_esize) - 56usize];
    ["Offset of field: vdev_stat::vs_ops"][::core::mem::offset_of!(vdev_stat, vs_ops) - 64usize];
    ["Offset of field: vdev_stat::vs_bytes"]
        [::core::mem::offset_of!(vdev_stat, vs_bytes) - 112usize];
    ["Offset of field: vdev_stat::vs_read_errors"]
        [::core::mem::offset_of!(vdev_stat, vs_read_errors) - 160usize];
    ["Offset of field: vdev_stat::vs_write_errors"]
        [::core::mem::offset_of!(vdev_stat, vs_write_errors) - 168usize];
    ["Offset of field: vdev_stat::vs_checksum_errors"]
        [::core::mem::offset_of!(vdev_stat, vs_checksum_errors) - 176usize];
    ["Offset of field: vdev_stat::vs_initialize_errors"]
        [::core::mem::offset_of!(vdev_stat, vs_initialize_errors) - 184usize];
    ["Offset of field: vdev_stat::vs_self_healed"]
        [::core::mem::offset_of!(vdev_stat, vs_self_healed) - 192usize];
    ["Offset of field: vdev_stat::vs_scan_removing"]
        [::core::mem::offset_of!(vdev_stat, vs_scan_removing) - 200usize];
    ["Offset of field: vdev_stat::vs_scan_processed"]
        [::core::mem::offset_of!(vdev_stat, vs_scan_processed) - 208usize];
    ["Offset of field: vdev_stat::vs_fragmentation"]
        [::core::mem::offset_of!(vdev_stat, vs_fragmentation) - 216usize];
    ["Offset of field: vdev_stat::vs_initialize_bytes_done"]
        [::core::mem::offset_of!(vdev_stat, vs_initialize_bytes_done) - 224usize];
    ["Offset of field: vdev_stat::vs_initialize_bytes_est"]
        [::core::mem::offset_of!(vdev_stat, vs_initialize_bytes_est) - 232usize];
    ["Offset of field: vdev_stat::vs_initialize_state"]
        [::core::mem::offset_of!(vdev_stat, vs_initialize_state) - 240usize];
    ["Offset of field: vdev_stat::vs_initialize_action_time"]
        [::core::mem::offset_of!(vdev_stat, vs_initialize_action_time) - 248usize];
    ["Offset of field: vdev_stat::vs_checkpoint_space"]
        [::core::mem::offset_of!(vdev_stat, vs_checkpoint_space) - 256usize];
    ["Offset of field: vdev_stat::vs_resilver_deferred"]
        [::core::mem::offset_of!(vdev_stat, vs_resilver_deferred) - 264usize];
    ["Offset of field: vdev_stat::vs_slow_ios"]
        [::core::mem::offset_of!(vdev_stat, vs_slow_ios) - 272usize];
    ["Offset of field: vdev_stat::vs_trim_errors"]
        [::core::mem::offset_of!(vdev_stat, vs_trim_errors) - 280usize];
    ["Offset of field: vdev_stat::vs_trim_notsup"]
        [::core::mem::offset_of!(vdev_stat, vs_trim_notsup) - 288usize];
    ["Offset of field: vdev_stat::vs_trim_bytes_done"]
        [::core::mem::offset_of!(vdev_stat, vs_trim_bytes_done) - 296usize];
    ["Offset of field: vdev_stat::vs_trim_bytes_est"]
        [::core::mem::offset_of!(vdev_stat, vs_trim_bytes_est) - 304usize];
    ["Offset of field: vdev_stat::vs_trim_state"]
        [::core::mem::offset_of!(vdev_stat, vs_trim_state) - 312usize];
    ["Offset of field: vdev_stat::vs_trim_action_time"]
        [::core::mem::offset_of!(vdev_stat, vs_trim_action_time) - 320usize];
    ["Offset of field: vdev_stat::vs_rebuild_processed"]
        [::core::mem::offset_of!(vdev_stat, vs_rebuild_processed) - 328usize];
    ["Offset of field: vdev_stat::vs_configured_ashift"]
        [::core::mem::offset_of!(vdev_stat, vs_configured_ashift) - 336usize];
    ["Offset of field: vdev_stat::vs_logical_ashift"]
        [::core::mem::offset_of!(vdev_stat, vs_logical_ashift) - 344usize];
    ["Offset of field: vdev_stat::vs_physical_ashift"]
        [::core::mem::offset_of!(vdev_stat, vs_physical_ashift) - 352usize];
    ["Offset of field: vdev_stat::vs_noalloc"]
        [::core::mem::offset_of!(vdev_stat, vs_noalloc) - 360usize];
    ["Offset of field: vdev_stat::vs_pspace"]
        [::core::mem::offset_of!(vdev_stat, vs_pspace) - 368usize];
    ["Offset of field: vdev_stat::vs_dio_verify_errors"]
        [::core::mem::offset_of!(vdev_stat, vs_dio_verify_errors) - 376usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of vdev_stat_ex"][::core::mem::size_of::<vdev_stat_ex>() - 10552usize];
    ["Alignment of vdev_stat_ex"][::core::mem::align_of::<vdev_stat_ex>() - 8usize];
    ["Offset of field: vdev_stat_ex::vsx_active_queue"]
        [::core::mem::offset_of!(vdev_stat_ex, vsx_active_queue) - 0usize];
    ["Offset of field: vdev_stat_ex::vsx_pend_queue"]
        [::core::mem::offset_of!(vdev_stat_ex, vsx_pend_queue) - 72usize];
    ["Offset of field: vdev_stat_ex::vsx_queue_histo"]
        [::core::mem::offset_of!(vdev_stat_ex, vsx_queue_histo) - 144usize];
    ["Offset of field: vdev_stat_ex::vsx_total_histo"]
        [::core::mem::offset_of!(vdev_stat_ex, vsx_total_histo) - 2808usize];
    ["Offset of field: vdev_stat_ex::vsx_disk_histo"]
        [::core::mem::offset_of!(vdev_stat_ex, vsx_disk_histo) - 4880usize];
    ["Offset of field: vdev_stat_ex::vsx_ind_histo"]
        [::core::mem::offset_of!(vdev_stat_ex, vsx_ind_histo) - 6952usize];
    ["Offset of field: vdev_stat_ex::vsx_agg_histo"]
        [::core::mem::offset_of!(vdev_stat_ex, vsx_agg_histo) - 8752usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ddt_object"][::core::mem::size_of::<ddt_object>() - 24usize];
    ["Alignment of ddt_object"][::core::mem::align_of::<ddt_object>() - 8usize];
    ["Offset of field: ddt_object::ddo_count"]
        [::core::mem::offset_of!(ddt_object, ddo_count) - 0usize];
    ["Offset of field: ddt_object::ddo_dspace"]
        [::core::mem::offset_of!(ddt_object, ddo_dspace) - 8usize];
    ["Offset of field: ddt_object::ddo_mspace"]
        [::core::mem::offset_of!(ddt_object, ddo_mspace) - 16usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ddt_stat"][::core::mem::size_of::<ddt_stat>() - 64usize];
    ["Alignment of ddt_stat"][::core::mem::align_of::<ddt_stat>() - 8usize];
    ["Offset of field: ddt_stat::dds_blocks"]
        [::core::mem::offset_of!(ddt_stat, dds_blocks) - 0usize];
    ["Offset of field: ddt_stat::dds_lsize"][::core::mem::offset_of!(ddt_stat, dds_lsize) - 8usize];
    ["Offset of field: ddt_stat::dds_psize"]
        [::core::mem::offset_of!(ddt_stat, dds_psize) - 16usize];
    ["Offset of field: ddt_stat::dds_dsize"]
        [::core::mem::offset_of!(ddt_stat, dds_dsize) - 24usize];
    ["Offset of field: ddt_stat::dds_ref_blocks"]
        [::core::mem::offset_of!(ddt_stat, dds_ref_blocks) - 32usize];
    ["Offset of field: ddt_stat::dds_ref_lsize"]
        [::core::mem::offset_of!(ddt_stat, dds_ref_lsize) - 40usize];
    ["Offset of field: ddt_stat::dds_ref_psize"]
        [::core::mem::offset_of!(ddt_stat, dds_ref_psize) - 48usize];
    ["Offset of field: ddt_stat::dds_ref_dsize"]
        [::core::mem::offset_of!(ddt_stat, dds_ref_dsize) - 56usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ddt_histogram"][::core::mem::size_of::<ddt_histogram>() - 4096usize];
    ["Alignment of ddt_histogram"][::core::mem::align_of::<ddt_histogram>() - 8usize];
    ["Offset of field: ddt_histogram::ddh_stat"]
        [::core::mem::offset_of!(ddt_histogram, ddh_stat) - 0usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of zfs_rewrite_args"][::core::mem::size_of::<zfs_rewrite_args>() - 32usize];
    ["Alignment of zfs_rewrite_args"][::core::mem::align_of::<zfs_rewrite_args>() - 8usize];
    ["Offset of field: zfs_rewrite_args::off"]
        [::core::mem::offset_of!(zfs_rewrite_args, off) - 0usize];
    ["Offset of field: zfs_rewrite_args::len"]
        [::core::mem::offset_of!(zfs_rewrite_args, len) - 8usize];
    ["Offset of field: zfs_rewrite_args::flags"]
        [::core::mem::offset_of!(zfs_rewrite_args, flags) - 16usize];
    ["Offset of field: zfs_rewrite_args::arg"]
        [::core::mem::offset_of!(zfs_rewrite_args, arg) - 24usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of pool_config_ops"][::core::mem::size_of::<pool_config_ops>() - 16usize];
    ["Alignment of pool_config_ops"][::core::mem::align_of::<pool_config_ops>() - 8usize];
    ["Offset of field: pool_config_ops::pco_refresh_config"]
        [::core::mem::offset_of!(pool_config_ops, pco_refresh_config) - 0usize];
    ["Offset of field: pool_config_ops::pco_pool_active"]
        [::core::mem::offset_of!(pool_config_ops, pco_pool_active) - 8usize];
};
pub const LPC_SUCCESS: lpc_error = 0;
pub const LPC_BADCACHE: lpc_error = 2000;
pub const LPC_BADPATH: lpc_error = 2001;
pub const LPC_NOMEM: lpc_error = 2002;
pub const LPC_EACCESS: lpc_error = 2003;
pub const LPC_UNKNOWN: lpc_error = 2004;
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of importargs"][::core::mem::size_of::<importargs>() - 64usize];
    ["Alignment of importargs"][::core::mem::align_of::<importargs>() - 8usize];
    ["Offset of field: importargs::path"][::core::mem::offset_of!(importargs, path) - 0usize];
    ["Offset of field: importargs::paths"][::core::mem::offset_of!(importargs, paths) - 8usize];
    ["Offset of field: importargs::poolname"]
        [::core::mem::offset_of!(importargs, poolname) - 16usize];
    ["Offset of field: importargs::guid"][::core::mem::offset_of!(importargs, guid) - 24usize];
    ["Offset of field: importargs::cachefile"]
        [::core::mem::offset_of!(importargs, cachefile) - 32usize];
    ["Offset of field: importargs::can_be_active"]
        [::core::mem::offset_of!(importargs, can_be_active) - 40usize];
    ["Offset of field: importargs::scan"][::core::mem::offset_of!(importargs, scan) - 44usize];
    ["Offset of field: importargs::policy"][::core::mem::offset_of!(importargs, policy) - 48usize];
    ["Offset of field: importargs::do_destroyed"]
        [::core::mem::offset_of!(importargs, do_destroyed) - 56usize];
    ["Offset of field: importargs::do_all"][::core::mem::offset_of!(importargs, do_all) - 60usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of libpc_handle"][::core::mem::size_of::<libpc_handle>() - 1056usize];
    ["Alignment of libpc_handle"][::core::mem::align_of::<libpc_handle>() - 8usize];
    ["Offset of field: libpc_handle::lpc_error"]
        [::core::mem::offset_of!(libpc_handle, lpc_error) - 0usize];
    ["Offset of field: libpc_handle::lpc_printerr"]
        [::core::mem::offset_of!(libpc_handle, lpc_printerr) - 4usize];
    ["Offset of field: libpc_handle::lpc_open_access_error"]
        [::core::mem::offset_of!(libpc_handle, lpc_open_access_error) - 8usize];
    ["Offset of field: libpc_handle::lpc_desc_active"]
        [::core::mem::offset_of!(libpc_handle, lpc_desc_active) - 12usize];
    ["Offset of field: libpc_handle::lpc_desc"]
        [::core::mem::offset_of!(libpc_handle, lpc_desc) - 16usize];
    ["Offset of field: libpc_handle::lpc_ops"]
        [::core::mem::offset_of!(libpc_handle, lpc_ops) - 1040usize];
    ["Offset of field: libpc_handle::lpc_lib_handle"]
        [::core::mem::offset_of!(libpc_handle, lpc_lib_handle) - 1048usize];
};
pub const ZFS_NICENUM_1024: zfs_nicenum_format = 0;
pub const ZFS_NICENUM_BYTES: zfs_nicenum_format = 1;
pub const ZFS_NICENUM_TIME: zfs_nicenum_format = 2;
pub const ZFS_NICENUM_RAW: zfs_nicenum_format = 3;
pub const ZFS_NICENUM_RAWTIME: zfs_nicenum_format = 4;
pub const SA_PROTOCOL_NFS: sa_protocol = 0;
pub const SA_PROTOCOL_SMB: sa_protocol = 1;
pub const SA_PROTOCOL_COUNT: sa_protocol = 2;
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of mnttab"][::core::mem::size_of::<mnttab>() - 32usize];
    ["Alignment of mnttab"][::core::mem::align_of::<mnttab>() - 8usize];
    ["Offset of field: mnttab::mnt_special"][::core::mem::offset_of!(mnttab, mnt_special) - 0usize];
    ["Offset of field: mnttab::mnt_mountp"][::core::mem::offset_of!(mnttab, mnt_mountp) - 8usize];
    ["Offset of field: mnttab::mnt_fstype"][::core::mem::offset_of!(mnttab, mnt_fstype) - 16usize];
    ["Offset of field: mnttab::mnt_mntopts"]
        [::core::mem::offset_of!(mnttab, mnt_mntopts) - 24usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of avl_node"][::core::mem::size_of::<avl_node>() - 24usize];
    ["Alignment of avl_node"][::core::mem::align_of::<avl_node>() - 8usize];
    ["Offset of field: avl_node::avl_child"][::core::mem::offset_of!(avl_node, avl_child) - 0usize];
    ["Offset of field: avl_node::avl_pcb"][::core::mem::offset_of!(avl_node, avl_pcb) - 16usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of avl_tree"][::core::mem::size_of::<avl_tree>() - 40usize];
    ["Alignment of avl_tree"][::core::mem::align_of::<avl_tree>() - 8usize];
    ["Offset of field: avl_tree::avl_root"][::core::mem::offset_of!(avl_tree, avl_root) - 0usize];
    ["Offset of field: avl_tree::avl_compar"]
        [::core::mem::offset_of!(avl_tree, avl_compar) - 8usize];
    ["Offset of field: avl_tree::avl_offset"]
        [::core::mem::offset_of!(avl_tree, avl_offset) - 16usize];
    ["Offset of field: avl_tree::avl_numnodes"]
        [::core::mem::offset_of!(avl_tree, avl_numnodes) - 24usize];
    ["Offset of field: avl_tree::avl_pad"][::core::mem::offset_of!(avl_tree, avl_pad) - 32usize];
};
pub const EZFS_SUCCESS: zfs_error = 0;
pub const EZFS_NOMEM: zfs_error = 2000;
pub const EZFS_BADPROP: zfs_error = 2001;
pub const EZFS_PROPREADONLY: zfs_error = 2002;
pub const EZFS_PROPTYPE: zfs_error = 2003;
pub const EZFS_PROPNONINHERIT: zfs_error = 2004;
pub const EZFS_PROPSPACE: zfs_error = 2005;
pub const EZFS_BADTYPE: zfs_error = 2006;
pub const EZFS_BUSY: zfs_error = 2007;
pub const EZFS_EXISTS: zfs_error = 2008;
pub const EZFS_NOENT: zfs_error = 2009;
pub const EZFS_BADSTREAM: zfs_error = 2010;
pub const EZFS_DSREADONLY: zfs_error = 2011;
pub const EZFS_VOLTOOBIG: zfs_error = 2012;
pub const EZFS_INVALIDNAME: zfs_error = 2013;
pub const EZFS_BADRESTORE: zfs_error = 2014;
pub const EZFS_BADBACKUP: zfs_error = 2015;
pub const EZFS_BADTARGET: zfs_error = 2016;
pub const EZFS_NODEVICE: zfs_error = 2017;
pub const EZFS_BADDEV: zfs_error = 2018;
pub const EZFS_NOREPLICAS: zfs_error = 2019;
pub const EZFS_RESILVERING: zfs_error = 2020;
pub const EZFS_BADVERSION: zfs_error = 2021;
pub const EZFS_POOLUNAVAIL: zfs_error = 2022;
pub const EZFS_DEVOVERFLOW: zfs_error = 2023;
pub const EZFS_BADPATH: zfs_error = 2024;
pub const EZFS_CROSSTARGET: zfs_error = 2025;
pub const EZFS_ZONED: zfs_error = 2026;
pub const EZFS_MOUNTFAILED: zfs_error = 2027;
pub const EZFS_UMOUNTFAILED: zfs_error = 2028;
pub const EZFS_UNSHARENFSFAILED: zfs_error = 2029;
pub const EZFS_SHARENFSFAILED: zfs_error = 2030;
pub const EZFS_PERM: zfs_error = 2031;
pub const EZFS_NOSPC: zfs_error = 2032;
pub const EZFS_FAULT: zfs_error = 2033;
pub const EZFS_IO: zfs_error = 2034;
pub const EZFS_INTR: zfs_error = 2035;
pub const EZFS_ISSPARE: zfs_error = 2036;
pub const EZFS_INVALCONFIG: zfs_error = 2037;
pub const EZFS_RECURSIVE: zfs_error = 2038;
pub const EZFS_NOHISTORY: zfs_error = 2039;
pub const EZFS_POOLPROPS: zfs_error = 2040;
pub const EZFS_POOL_NOTSUP: zfs_error = 2041;
pub const EZFS_POOL_INVALARG: zfs_error = 2042;
pub const EZFS_NAMETOOLONG: zfs_error = 2043;
pub const EZFS_OPENFAILED: zfs_error = 2044;
pub const EZFS_NOCAP: zfs_error = 2045;
pub const EZFS_LABELFAILED: zfs_error = 2046;
pub const EZFS_BADWHO: zfs_error = 2047;
pub const EZFS_BADPERM: zfs_error = 2048;
pub const EZFS_BADPERMSET: zfs_error = 2049;
pub const EZFS_NODELEGATION: zfs_error = 2050;
pub const EZFS_UNSHARESMBFAILED: zfs_error = 2051;
pub const EZFS_SHARESMBFAILED: zfs_error = 2052;
pub const EZFS_BADCACHE: zfs_error = 2053;
pub const EZFS_ISL2CACHE: zfs_error = 2054;
pub const EZFS_VDEVNOTSUP: zfs_error = 2055;
pub const EZFS_NOTSUP: zfs_error = 2056;
pub const EZFS_ACTIVE_SPARE: zfs_error = 2057;
pub const EZFS_UNPLAYED_LOGS: zfs_error = 2058;
pub const EZFS_REFTAG_RELE: zfs_error = 2059;
pub const EZFS_REFTAG_HOLD: zfs_error = 2060;
pub const EZFS_TAGTOOLONG: zfs_error = 2061;
pub const EZFS_PIPEFAILED: zfs_error = 2062;
pub const EZFS_THREADCREATEFAILED: zfs_error = 2063;
pub const EZFS_POSTSPLIT_ONLINE: zfs_error = 2064;
pub const EZFS_SCRUBBING: zfs_error = 2065;
pub const EZFS_ERRORSCRUBBING: zfs_error = 2066;
pub const EZFS_ERRORSCRUB_PAUSED: zfs_error = 2067;
pub const EZFS_NO_SCRUB: zfs_error = 2068;
pub const EZFS_DIFF: zfs_error = 2069;
pub const EZFS_DIFFDATA: zfs_error = 2070;
pub const EZFS_POOLREADONLY: zfs_error = 2071;
pub const EZFS_SCRUB_PAUSED: zfs_error = 2072;
pub const EZFS_SCRUB_PAUSED_TO_CANCEL: zfs_error = 2073;
pub const EZFS_ACTIVE_POOL: zfs_error = 2074;
pub const EZFS_CRYPTOFAILED: zfs_error = 2075;
pub const EZFS_NO_PENDING: zfs_error = 2076;
pub const EZFS_CHECKPOINT_EXISTS: zfs_error = 2077;
pub const EZFS_DISCARDING_CHECKPOINT: zfs_error = 2078;
pub const EZFS_NO_CHECKPOINT: zfs_error = 2079;
pub const EZFS_DEVRM_IN_PROGRESS: zfs_error = 2080;
pub const EZFS_VDEV_TOO_BIG: zfs_error = 2081;
pub const EZFS_IOC_NOTSUPPORTED: zfs_error = 2082;
pub const EZFS_TOOMANY: zfs_error = 2083;
pub const EZFS_INITIALIZING: zfs_error = 2084;
pub const EZFS_NO_INITIALIZE: zfs_error = 2085;
pub const EZFS_WRONG_PARENT: zfs_error = 2086;
pub const EZFS_TRIMMING: zfs_error = 2087;
pub const EZFS_NO_TRIM: zfs_error = 2088;
pub const EZFS_TRIM_NOTSUP: zfs_error = 2089;
pub const EZFS_NO_RESILVER_DEFER: zfs_error = 2090;
pub const EZFS_EXPORT_IN_PROGRESS: zfs_error = 2091;
pub const EZFS_REBUILDING: zfs_error = 2092;
pub const EZFS_VDEV_NOTSUP: zfs_error = 2093;
pub const EZFS_NOT_USER_NAMESPACE: zfs_error = 2094;
pub const EZFS_CKSUM: zfs_error = 2095;
pub const EZFS_RESUME_EXISTS: zfs_error = 2096;
pub const EZFS_SHAREFAILED: zfs_error = 2097;
pub const EZFS_RAIDZ_EXPAND_IN_PROGRESS: zfs_error = 2098;
pub const EZFS_ASHIFT_MISMATCH: zfs_error = 2099;
pub const EZFS_UNKNOWN: zfs_error = 2100;
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of zfs_perm_node"][::core::mem::size_of::<zfs_perm_node>() - 4120usize];
    ["Alignment of zfs_perm_node"][::core::mem::align_of::<zfs_perm_node>() - 8usize];
    ["Offset of field: zfs_perm_node::z_node"]
        [::core::mem::offset_of!(zfs_perm_node, z_node) - 0usize];
    ["Offset of field: zfs_perm_node::z_pname"]
        [::core::mem::offset_of!(zfs_perm_node, z_pname) - 24usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of zfs_allow_node"][::core::mem::size_of::<zfs_allow_node>() - 4240usize];
    ["Alignment of zfs_allow_node"][::core::mem::align_of::<zfs_allow_node>() - 8usize];
    ["Offset of field: zfs_allow_node::z_node"]
        [::core::mem::offset_of!(zfs_allow_node, z_node) - 0usize];
    ["Offset of field: zfs_allow_node::z_key"]
        [::core::mem::offset_of!(zfs_allow_node, z_key) - 24usize];
    ["Offset of field: zfs_allow_node::z_localdescend"]
        [::core::mem::offset_of!(zfs_allow_node, z_localdescend) - 4120usize];
    ["Offset of field: zfs_allow_node::z_local"]
        [::core::mem::offset_of!(zfs_allow_node, z_local) - 4160usize];
    ["Offset of field: zfs_allow_node::z_descend"]
        [::core::mem::offset_of!(zfs_allow_node, z_descend) - 4200usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of zfs_allow"][::core::mem::size_of::<zfs_allow>() - 4304usize];
    ["Alignment of zfs_allow"][::core::mem::align_of::<zfs_allow>() - 8usize];
    ["Offset of field: zfs_allow::z_next"][::core::mem::offset_of!(zfs_allow, z_next) - 0usize];
    ["Offset of field: zfs_allow::z_setpoint"]
        [::core::mem::offset_of!(zfs_allow, z_setpoint) - 8usize];
    ["Offset of field: zfs_allow::z_sets"][::core::mem::offset_of!(zfs_allow, z_sets) - 4104usize];
    ["Offset of field: zfs_allow::z_crperms"]
        [::core::mem::offset_of!(zfs_allow, z_crperms) - 4144usize];
    ["Offset of field: zfs_allow::z_user"][::core::mem::offset_of!(zfs_allow, z_user) - 4184usize];
    ["Offset of field: zfs_allow::z_group"]
        [::core::mem::offset_of!(zfs_allow, z_group) - 4224usize];
    ["Offset of field: zfs_allow::z_everyone"]
        [::core::mem::offset_of!(zfs_allow, z_everyone) - 4264usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of splitflags"][::core::mem::size_of::<splitflags>() - 8usize];
    ["Alignment of splitflags"][::core::mem::align_of::<splitflags>() - 4usize];
    ["Offset of field: splitflags::name_flags"]
        [::core::mem::offset_of!(splitflags, name_flags) - 4usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of trimflags"][::core::mem::size_of::<trimflags>() - 24usize];
    ["Alignment of trimflags"][::core::mem::align_of::<trimflags>() - 8usize];
    ["Offset of field: trimflags::fullpool"][::core::mem::offset_of!(trimflags, fullpool) - 0usize];
    ["Offset of field: trimflags::secure"][::core::mem::offset_of!(trimflags, secure) - 4usize];
    ["Offset of field: trimflags::wait"][::core::mem::offset_of!(trimflags, wait) - 8usize];
    ["Offset of field: trimflags::rate"][::core::mem::offset_of!(trimflags, rate) - 16usize];
};
pub const ZPOOL_STATUS_CORRUPT_CACHE: zpool_status_t = 0;
pub const ZPOOL_STATUS_MISSING_DEV_R: zpool_status_t = 1;
pub const ZPOOL_STATUS_MISSING_DEV_NR: zpool_status_t = 2;
pub const ZPOOL_STATUS_CORRUPT_LABEL_R: zpool_status_t = 3;
pub const ZPOOL_STATUS_CORRUPT_LABEL_NR: zpool_status_t = 4;
pub const ZPOOL_STATUS_BAD_GUID_SUM: zpool_status_t = 5;
pub const ZPOOL_STATUS_CORRUPT_POOL: zpool_status_t = 6;
pub const ZPOOL_STATUS_CORRUPT_DATA: zpool_status_t = 7;
pub const ZPOOL_STATUS_FAILING_DEV: zpool_status_t = 8;
pub const ZPOOL_STATUS_VERSION_NEWER: zpool_status_t = 9;
pub const ZPOOL_STATUS_HOSTID_MISMATCH: zpool_status_t = 10;
pub const ZPOOL_STATUS_HOSTID_ACTIVE: zpool_status_t = 11;
pub const ZPOOL_STATUS_HOSTID_REQUIRED: zpool_status_t = 12;
pub const ZPOOL_STATUS_IO_FAILURE_WAIT: zpool_status_t = 13;
pub const ZPOOL_STATUS_IO_FAILURE_CONTINUE: zpool_status_t = 14;
pub const ZPOOL_STATUS_IO_FAILURE_MMP: zpool_status_t = 15;
pub const ZPOOL_STATUS_BAD_LOG: zpool_status_t = 16;
pub const ZPOOL_STATUS_ERRATA: zpool_status_t = 17;
pub const ZPOOL_STATUS_UNSUP_FEAT_READ: zpool_status_t = 18;
pub const ZPOOL_STATUS_UNSUP_FEAT_WRITE: zpool_status_t = 19;
pub const ZPOOL_STATUS_FAULTED_DEV_R: zpool_status_t = 20;
pub const ZPOOL_STATUS_FAULTED_DEV_NR: zpool_status_t = 21;
pub const ZPOOL_STATUS_VERSION_OLDER: zpool_status_t = 22;
pub const ZPOOL_STATUS_FEAT_DISABLED: zpool_status_t = 23;
pub const ZPOOL_STATUS_RESILVERING: zpool_status_t = 24;
pub const ZPOOL_STATUS_OFFLINE_DEV: zpool_status_t = 25;
pub const ZPOOL_STATUS_REMOVED_DEV: zpool_status_t = 26;
pub const ZPOOL_STATUS_REBUILDING: zpool_status_t = 27;
pub const ZPOOL_STATUS_REBUILD_SCRUB: zpool_status_t = 28;
pub const ZPOOL_STATUS_NON_NATIVE_ASHIFT: zpool_status_t = 29;
pub const ZPOOL_STATUS_COMPATIBILITY_ERR: zpool_status_t = 30;
pub const ZPOOL_STATUS_INCOMPATIBLE_FEAT: zpool_status_t = 31;
pub const ZPOOL_STATUS_OK: zpool_status_t = 32;
pub const VDEV_NAME_PATH: vdev_name_t = 1;
pub const VDEV_NAME_GUID: vdev_name_t = 2;
pub const VDEV_NAME_FOLLOW_LINKS: vdev_name_t = 4;
pub const VDEV_NAME_TYPE_ID: vdev_name_t = 8;
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of zprop_list"][::core::mem::size_of::<zprop_list>() - 56usize];
    ["Alignment of zprop_list"][::core::mem::align_of::<zprop_list>() - 8usize];
    ["Offset of field: zprop_list::pl_prop"][::core::mem::offset_of!(zprop_list, pl_prop) - 0usize];
    ["Offset of field: zprop_list::pl_user_prop"]
        [::core::mem::offset_of!(zprop_list, pl_user_prop) - 8usize];
    ["Offset of field: zprop_list::pl_next"]
        [::core::mem::offset_of!(zprop_list, pl_next) - 16usize];
    ["Offset of field: zprop_list::pl_all"][::core::mem::offset_of!(zprop_list, pl_all) - 24usize];
    ["Offset of field: zprop_list::pl_width"]
        [::core::mem::offset_of!(zprop_list, pl_width) - 32usize];
    ["Offset of field: zprop_list::pl_recvd_width"]
        [::core::mem::offset_of!(zprop_list, pl_recvd_width) - 40usize];
    ["Offset of field: zprop_list::pl_fixed"]
        [::core::mem::offset_of!(zprop_list, pl_fixed) - 48usize];
};
pub const GET_COL_NONE: zfs_get_column_t = 0;
pub const GET_COL_NAME: zfs_get_column_t = 1;
pub const GET_COL_PROPERTY: zfs_get_column_t = 2;
pub const GET_COL_VALUE: zfs_get_column_t = 3;
pub const GET_COL_RECVD: zfs_get_column_t = 4;
pub const GET_COL_SOURCE: zfs_get_column_t = 5;
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of vdev_cbdata"][::core::mem::size_of::<vdev_cbdata>() - 24usize];
    ["Alignment of vdev_cbdata"][::core::mem::align_of::<vdev_cbdata>() - 8usize];
    ["Offset of field: vdev_cbdata::cb_name_flags"]
        [::core::mem::offset_of!(vdev_cbdata, cb_name_flags) - 0usize];
    ["Offset of field: vdev_cbdata::cb_names"]
        [::core::mem::offset_of!(vdev_cbdata, cb_names) - 8usize];
    ["Offset of field: vdev_cbdata::cb_names_count"]
        [::core::mem::offset_of!(vdev_cbdata, cb_names_count) - 16usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of zprop_get_cbdata"][::core::mem::size_of::<zprop_get_cbdata>() - 120usize];
    ["Alignment of zprop_get_cbdata"][::core::mem::align_of::<zprop_get_cbdata>() - 8usize];
    ["Offset of field: zprop_get_cbdata::cb_sources"]
        [::core::mem::offset_of!(zprop_get_cbdata, cb_sources) - 0usize];
    ["Offset of field: zprop_get_cbdata::cb_columns"]
        [::core::mem::offset_of!(zprop_get_cbdata, cb_columns) - 4usize];
    ["Offset of field: zprop_get_cbdata::cb_colwidths"]
        [::core::mem::offset_of!(zprop_get_cbdata, cb_colwidths) - 24usize];
    ["Offset of field: zprop_get_cbdata::cb_scripted"]
        [::core::mem::offset_of!(zprop_get_cbdata, cb_scripted) - 48usize];
    ["Offset of field: zprop_get_cbdata::cb_literal"]
        [::core::mem::offset_of!(zprop_get_cbdata, cb_literal) - 52usize];
    ["Offset of field: zprop_get_cbdata::cb_first"]
        [::core::mem::offset_of!(zprop_get_cbdata, cb_first) - 56usize];
    ["Offset of field: zprop_get_cbdata::cb_json"]
        [::core::mem::offset_of!(zprop_get_cbdata, cb_json) - 60usize];
    ["Offset of field: zprop_get_cbdata::cb_proplist"]
        [::core::mem::offset_of!(zprop_get_cbdata, cb_proplist) - 64usize];
    ["Offset of field: zprop_get_cbdata::cb_type"]
        [::core::mem::offset_of!(zprop_get_cbdata, cb_type) - 72usize];
    ["Offset of field: zprop_get_cbdata::cb_vdevs"]
        [::core::mem::offset_of!(zprop_get_cbdata, cb_vdevs) - 80usize];
    ["Offset of field: zprop_get_cbdata::cb_jsobj"]
        [::core::mem::offset_of!(zprop_get_cbdata, cb_jsobj) - 104usize];
    ["Offset of field: zprop_get_cbdata::cb_json_as_int"]
        [::core::mem::offset_of!(zprop_get_cbdata, cb_json_as_int) - 112usize];
    ["Offset of field: zprop_get_cbdata::cb_json_pool_key_guid"]
        [::core::mem::offset_of!(zprop_get_cbdata, cb_json_pool_key_guid) - 116usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of zprop_set_cbdata"][::core::mem::size_of::<zprop_set_cbdata>() - 16usize];
    ["Alignment of zprop_set_cbdata"][::core::mem::align_of::<zprop_set_cbdata>() - 8usize];
    ["Offset of field: zprop_set_cbdata::cb_flags"]
        [::core::mem::offset_of!(zprop_set_cbdata, cb_flags) - 0usize];
    ["Offset of field: zprop_set_cbdata::cb_proplist"]
        [::core::mem::offset_of!(zprop_set_cbdata, cb_proplist) - 8usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of get_all_cb"][::core::mem::size_of::<get_all_cb>() - 24usize];
    ["Alignment of get_all_cb"][::core::mem::align_of::<get_all_cb>() - 8usize];
    ["Offset of field: get_all_cb::cb_handles"]
        [::core::mem::offset_of!(get_all_cb, cb_handles) - 0usize];
    ["Offset of field: get_all_cb::cb_alloc"]
        [::core::mem::offset_of!(get_all_cb, cb_alloc) - 8usize];
    ["Offset of field: get_all_cb::cb_used"]
        [::core::mem::offset_of!(get_all_cb, cb_used) - 16usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of renameflags"][::core::mem::size_of::<renameflags>() - 4usize];
    ["Alignment of renameflags"][::core::mem::align_of::<renameflags>() - 4usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of sendflags"][::core::mem::size_of::<sendflags>() - 72usize];
    ["Alignment of sendflags"][::core::mem::align_of::<sendflags>() - 4usize];
    ["Offset of field: sendflags::verbosity"]
        [::core::mem::offset_of!(sendflags, verbosity) - 0usize];
    ["Offset of field: sendflags::replicate"]
        [::core::mem::offset_of!(sendflags, replicate) - 4usize];
    ["Offset of field: sendflags::skipmissing"]
        [::core::mem::offset_of!(sendflags, skipmissing) - 8usize];
    ["Offset of field: sendflags::doall"][::core::mem::offset_of!(sendflags, doall) - 12usize];
    ["Offset of field: sendflags::fromorigin"]
        [::core::mem::offset_of!(sendflags, fromorigin) - 16usize];
    ["Offset of field: sendflags::pad"][::core::mem::offset_of!(sendflags, pad) - 20usize];
    ["Offset of field: sendflags::props"][::core::mem::offset_of!(sendflags, props) - 24usize];
    ["Offset of field: sendflags::dryrun"][::core::mem::offset_of!(sendflags, dryrun) - 28usize];
    ["Offset of field: sendflags::parsable"]
        [::core::mem::offset_of!(sendflags, parsable) - 32usize];
    ["Offset of field: sendflags::progress"]
        [::core::mem::offset_of!(sendflags, progress) - 36usize];
    ["Offset of field: sendflags::progressastitle"]
        [::core::mem::offset_of!(sendflags, progressastitle) - 40usize];
    ["Offset of field: sendflags::largeblock"]
        [::core::mem::offset_of!(sendflags, largeblock) - 44usize];
    ["Offset of field: sendflags::embed_data"]
        [::core::mem::offset_of!(sendflags, embed_data) - 48usize];
    ["Offset of field: sendflags::compress"]
        [::core::mem::offset_of!(sendflags, compress) - 52usize];
    ["Offset of field: sendflags::raw"][::core::mem::offset_of!(sendflags, raw) - 56usize];
    ["Offset of field: sendflags::backup"][::core::mem::offset_of!(sendflags, backup) - 60usize];
    ["Offset of field: sendflags::holds"][::core::mem::offset_of!(sendflags, holds) - 64usize];
    ["Offset of field: sendflags::saved"][::core::mem::offset_of!(sendflags, saved) - 68usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of recvflags"][::core::mem::size_of::<recvflags>() - 56usize];
    ["Alignment of recvflags"][::core::mem::align_of::<recvflags>() - 4usize];
    ["Offset of field: recvflags::verbose"][::core::mem::offset_of!(recvflags, verbose) - 0usize];
    ["Offset of field: recvflags::isprefix"][::core::mem::offset_of!(recvflags, isprefix) - 4usize];
    ["Offset of field: recvflags::istail"][::core::mem::offset_of!(recvflags, istail) - 8usize];
    ["Offset of field: recvflags::dryrun"][::core::mem::offset_of!(recvflags, dryrun) - 12usize];
    ["Offset of field: recvflags::force"][::core::mem::offset_of!(recvflags, force) - 16usize];
    ["Offset of field: recvflags::canmountoff"]
        [::core::mem::offset_of!(recvflags, canmountoff) - 20usize];
    ["Offset of field: recvflags::resumable"]
        [::core::mem::offset_of!(recvflags, resumable) - 24usize];
    ["Offset of field: recvflags::byteswap"]
        [::core::mem::offset_of!(recvflags, byteswap) - 28usize];
    ["Offset of field: recvflags::nomount"][::core::mem::offset_of!(recvflags, nomount) - 32usize];
    ["Offset of field: recvflags::holds"][::core::mem::offset_of!(recvflags, holds) - 36usize];
    ["Offset of field: recvflags::skipholds"]
        [::core::mem::offset_of!(recvflags, skipholds) - 40usize];
    ["Offset of field: recvflags::domount"][::core::mem::offset_of!(recvflags, domount) - 44usize];
    ["Offset of field: recvflags::forceunmount"]
        [::core::mem::offset_of!(recvflags, forceunmount) - 48usize];
    ["Offset of field: recvflags::heal"][::core::mem::offset_of!(recvflags, heal) - 52usize];
};
pub const ZFS_DIFF_PARSEABLE: diff_flags = 1;
pub const ZFS_DIFF_TIMESTAMP: diff_flags = 2;
pub const ZFS_DIFF_CLASSIFY: diff_flags = 4;
pub const ZFS_DIFF_NO_MANGLE: diff_flags = 8;
pub const ZPOOL_COMPATIBILITY_OK: zpool_compat_status_t = 0;
pub const ZPOOL_COMPATIBILITY_WARNTOKEN: zpool_compat_status_t = 1;
pub const ZPOOL_COMPATIBILITY_BADTOKEN: zpool_compat_status_t = 2;
pub const ZPOOL_COMPATIBILITY_BADFILE: zpool_compat_status_t = 3;
pub const ZPOOL_COMPATIBILITY_NOFILES: zpool_compat_status_t = 4;
impl<Storage> __BindgenBitfieldUnit<Storage> {
    #[inline]
    pub const fn new(storage: Storage) -> Self {
        Self { storage }
    }
}
impl<Storage> __BindgenBitfieldUnit<Storage>
where
    Storage: AsRef<[u8]> + AsMut<[u8]>,
{
    #[inline]
    fn extract_bit(byte: u8, index: usize) -> bool {
        let bit_index = if cfg!(target_endian = "big") {
            7 - (index % 8)
        } else {
            index % 8
        };
        let mask = 1 << bit_index;
        byte & mask == mask
    }
    #[inline]
    pub fn get_bit(&self, index: usize) -> bool {
        debug_assert!(index / 8 < self.storage.as_ref().len());
        let byte_index = index / 8;
        let byte = self.storage.as_ref()[byte_index];
        Self::extract_bit(byte, index)
    }
    #[inline]
    pub unsafe fn raw_get_bit(this: *const Self, index: usize) -> bool {
        debug_assert!(index / 8 < core::mem::size_of::<Storage>());
        let byte_index = index / 8;
        let byte = unsafe {
            *(core::ptr::addr_of!((*this).storage) as *const u8).offset(byte_index as isize)
        };
        Self::extract_bit(byte, index)
    }
    #[inline]
    fn change_bit(byte: u8, index: usize, val: bool) -> u8 {
        let bit_index = if cfg!(target_endian = "big") {
            7 - (index % 8)
        } else {
            index % 8
        };
        let mask = 1 << bit_index;
        if val { byte | mask } else { byte & !mask }
    }
    #[inline]
    pub fn set_bit(&mut self, index: usize, val: bool) {
        debug_assert!(index / 8 < self.storage.as_ref().len());
        let byte_index = index / 8;
        let byte = &mut self.storage.as_mut()[byte_index];
        *byte = Self::change_bit(*byte, index, val);
    }
    #[inline]
    pub unsafe fn raw_set_bit(this: *mut Self, index: usize, val: bool) {
        debug_assert!(index / 8 < core::mem::size_of::<Storage>());
        let byte_index = index / 8;
        let byte = unsafe {
            (core::ptr::addr_of_mut!((*this).storage) as *mut u8).offset(byte_index as isize)
        };
        unsafe { *byte = Self::change_bit(*byte, index, val) };
    }
    #[inline]
    pub fn get(&self, bit_offset: usize, bit_width: u8) -> u64 {
        debug_assert!(bit_width <= 64);
        debug_assert!(bit_offset / 8 < self.storage.as_ref().len());
        debug_assert!((bit_offset + (bit_width as usize) + 7) / 8 <= self.storage.as_ref().len());
        if bit_width == 0 {
            return 0;
        }
        let mut val = 0u64;
        let storage = self.storage.as_ref();
        let start_byte = bit_offset / 8;
        let bit_shift = bit_offset % 8;
        let bytes_needed = (bit_width as usize + bit_shift + 7) / 8;
        if cfg!(target_endian = "big") {
            for i in 0..bytes_needed {
                val |= (storage[start_byte + i].reverse_bits() as u64) << (i * 8);
            }
        } else {
            for i in 0..bytes_needed {
                val |= (storage[start_byte + i] as u64) << (i * 8);
            }
        }
        val >>= bit_shift;
        if bit_width < 64 {
            val &= (1u64 << bit_width) - 1;
        }
        if cfg!(target_endian = "big") {
            val = val.reverse_bits() >> (64 - bit_width as usize);
        }
        val
    }
    #[inline]
    pub unsafe fn raw_get(this: *const Self, bit_offset: usize, bit_width: u8) -> u64 {
        debug_assert!(bit_width <= 64);
        debug_assert!(bit_offset / 8 < core::mem::size_of::<Storage>());
        debug_assert!(
            (bit_offset + (bit_width as usize) + 7) / 8 <= core::mem::size_of::<Storage>()
        );
        if bit_width == 0 {
            return 0;
        }
        let mut val = 0u64;
        let start_byte = bit_offset / 8;
        let bit_shift = bit_offset % 8;
        let bytes_needed = (bit_width as usize + bit_shift + 7) / 8;
        let storage_ptr = unsafe { core::ptr::addr_of!((*this).storage) as *const u8 };
        if cfg!(target_endian = "big") {
            for i in 0..bytes_needed {
                let byte = unsafe { *storage_ptr.add(start_byte + i) };
                val |= (byte.reverse_bits() as u64) << (i * 8);
            }
        } else {
            for i in 0..bytes_needed {
                let byte = unsafe { *storage_ptr.add(start_byte + i) };
                val |= (byte as u64) << (i * 8);
            }
        }
        val >>= bit_shift;
        if bit_width < 64 {
            val &= (1u64 << bit_width) - 1;
        }
        if cfg!(target_endian = "big") {
            val = val.reverse_bits() >> (64 - bit_width as usize);
        }
        val
    }
    #[inline]
    pub fn set(&mut self, bit_offset: usize, bit_width: u8, val: u64) {
        debug_assert!(bit_width <= 64);
        debug_assert!(bit_offset / 8 < self.storage.as_ref().len());
        debug_assert!((bit_offset + (bit_width as usize) + 7) / 8 <= self.storage.as_ref().len());
        if bit_width == 0 {
            return;
        }
        let mut val = val;
        if bit_width < 64 {
            val &= (1u64 << bit_width) - 1;
        }
        if cfg!(target_endian = "big") {
            val = val.reverse_bits() >> (64 - bit_width as usize);
        }
        let storage = self.storage.as_mut();
        let start_byte = bit_offset / 8;
        let bit_shift = bit_offset % 8;
        let bytes_needed = (bit_width as usize + bit_shift + 7) / 8;
        val <<= bit_shift;
        let field_mask = if bit_width as usize + bit_shift >= 64 {
            !0u64 << bit_shift
        } else {
            ((1u64 << bit_width) - 1) << bit_shift
        };
        for i in 0..bytes_needed {
            let byte_val = (val >> (i * 8)) as u8;
            let byte_mask = (field_mask >> (i * 8)) as u8;
            if cfg!(target_endian = "big") {
                let byte = storage[start_byte + i].reverse_bits();
                let new_byte = (byte & !byte_mask) | (byte_val & byte_mask);
                storage[start_byte + i] = new_byte.reverse_bits();
            } else {
                storage[start_byte + i] =
                    (storage[start_byte + i] & !byte_mask) | (byte_val & byte_mask);
            }
        }
    }
    #[inline]
    pub unsafe fn raw_set(this: *mut Self, bit_offset: usize, bit_width: u8, val: u64) {
        debug_assert!(bit_width <= 64);
        debug_assert!(bit_offset / 8 < core::mem::size_of::<Storage>());
        debug_assert!(
            (bit_offset + (bit_width as usize) + 7) / 8 <= core::mem::size_of::<Storage>()
        );
        if bit_width == 0 {
            return;
        }
        let mut val = val;
        if bit_width < 64 {
            val &= (1u64 << bit_width) - 1;
        }
        if cfg!(target_endian = "big") {
            val = val.reverse_bits() >> (64 - bit_width as usize);
        }
        let start_byte = bit_offset / 8;
        let bit_shift = bit_offset % 8;
        let bytes_needed = (bit_width as usize + bit_shift + 7) / 8;
        val <<= bit_shift;
        let field_mask = if bit_width as usize + bit_shift >= 64 {
            !0u64 << bit_shift
        } else {
            ((1u64 << bit_width) - 1) << bit_shift
        };
        let storage_ptr = unsafe { core::ptr::addr_of_mut!((*this).storage) as *mut u8 };
        for i in 0..bytes_needed {
            let byte_val = (val >> (i * 8)) as u8;
            let byte_mask = (field_mask >> (i * 8)) as u8;
            let byte_ptr = unsafe { storage_ptr.add(start_byte + i) };
            if cfg!(target_endian = "big") {
                let byte = unsafe { (*byte_ptr).reverse_bits() };
                let new_byte = (byte & !byte_mask) | (byte_val & byte_mask);
                unsafe { *byte_ptr = new_byte.reverse_bits() };
            } else {
                unsafe { *byte_ptr = (*byte_ptr & !byte_mask) | (byte_val & byte_mask) };
            }
        }
    }
}
#[doc = " Const-generic methods for efficient bitfield access when offset and width"]
#[doc = " are known at compile time."]
impl<const N: usize> __BindgenBitfieldUnit<[u8; N]> {
    #[doc = " Get a field using const generics for compile-time optimization."]
    #[doc = " Uses native word size operations when the field fits in usize."]
    #[inline]
    pub const fn get_const<const BIT_OFFSET: usize, const BIT_WIDTH: u8>(&self) -> u64 {
        debug_assert!(BIT_WIDTH <= 64);
        debug_assert!(BIT_OFFSET / 8 < N);
        debug_assert!((BIT_OFFSET + (BIT_WIDTH as usize) + 7) / 8 <= N);
        if BIT_WIDTH == 0 {
            return 0;
        }
        let start_byte = BIT_OFFSET / 8;
        let bit_shift = BIT_OFFSET % 8;
        let bytes_needed = (BIT_WIDTH as usize + bit_shift + 7) / 8;
        if BIT_WIDTH as usize + bit_shift <= usize::BITS as usize {
            let mut val = 0usize;
            if cfg!(target_endian = "big") {
                let mut i = 0;
                while i < bytes_needed {
                    val |= (self.storage[start_byte + i].reverse_bits() as usize) << (i * 8);
                    i += 1;
                }
            } else {
                let mut i = 0;
                while i < bytes_needed {
                    val |= (self.storage[start_byte + i] as usize) << (i * 8);
                    i += 1;
                }
            }
            val >>= bit_shift;
            if (BIT_WIDTH as u32) < usize::BITS {
                val &= (1usize << BIT_WIDTH) - 1;
            }
            if cfg!(target_endian = "big") {
                val = val.reverse_bits() >> (usize::BITS as usize - BIT_WIDTH as usize);
            }
            val as u64
        } else {
            let mut val = 0u64;
            if cfg!(target_endian = "big") {
                let mut i = 0;
                while i < bytes_needed {
                    val |= (self.storage[start_byte + i].reverse_bits() as u64) << (i * 8);
                    i += 1;
                }
            } else {
                let mut i = 0;
                while i < bytes_needed {
                    val |= (self.storage[start_byte + i] as u64) << (i * 8);
                    i += 1;
                }
            }
            val >>= bit_shift;
            if BIT_WIDTH < 64 {
                val &= (1u64 << BIT_WIDTH) - 1;
            }
            if cfg!(target_endian = "big") {
                val = val.reverse_bits() >> (64 - BIT_WIDTH as usize);
            }
            val
        }
    }
    #[doc = " Set a field using const generics for compile-time optimization."]
    #[doc = " Uses native word size operations when the field fits in usize."]
    #[inline]
    pub fn set_const<const BIT_OFFSET: usize, const BIT_WIDTH: u8>(&mut self, val: u64) {
        debug_assert!(BIT_WIDTH <= 64);
        debug_assert!(BIT_OFFSET / 8 < N);
        debug_assert!((BIT_OFFSET + (BIT_WIDTH as usize) + 7) / 8 <= N);
        if BIT_WIDTH == 0 {
            return;
        }
        let start_byte = BIT_OFFSET / 8;
        let bit_shift = BIT_OFFSET % 8;
        let bytes_needed = (BIT_WIDTH as usize + bit_shift + 7) / 8;
        if BIT_WIDTH as usize + bit_shift <= usize::BITS as usize {
            let mut val = val as usize;
            if (BIT_WIDTH as u32) < usize::BITS {
                val &= (1usize << BIT_WIDTH) - 1;
            }
            if cfg!(target_endian = "big") {
                val = val.reverse_bits() >> (usize::BITS as usize - BIT_WIDTH as usize);
            }
            val <<= bit_shift;
            let field_mask = if BIT_WIDTH as usize + bit_shift >= usize::BITS as usize {
                !0usize << bit_shift
            } else {
                ((1usize << BIT_WIDTH) - 1) << bit_shift
            };
            let mut i = 0;
            while i < bytes_needed {
                let byte_val = (val >> (i * 8)) as u8;
                let byte_mask = (field_mask >> (i * 8)) as u8;
                if cfg!(target_endian = "big") {
                    let byte = self.storage[start_byte + i].reverse_bits();
                    let new_byte = (byte & !byte_mask) | (byte_val & byte_mask);
                    self.storage[start_byte + i] = new_byte.reverse_bits();
                } else {
                    self.storage[start_byte + i] =
                        (self.storage[start_byte + i] & !byte_mask) | (byte_val & byte_mask);
                }
                i += 1;
            }
        } else {
            let mut val = val;
            if BIT_WIDTH < 64 {
                val &= (1u64 << BIT_WIDTH) - 1;
            }
            if cfg!(target_endian = "big") {
                val = val.reverse_bits() >> (64 - BIT_WIDTH as usize);
            }
            val <<= bit_shift;
            let field_mask = if BIT_WIDTH as usize + bit_shift >= 64 {
                !0u64 << bit_shift
            } else {
                ((1u64 << BIT_WIDTH) - 1) << bit_shift
            };
            let mut i = 0;
            while i < bytes_needed {
                let byte_val = (val >> (i * 8)) as u8;
                let byte_mask = (field_mask >> (i * 8)) as u8;
                if cfg!(target_endian = "big") {
                    let byte = self.storage[start_byte + i].reverse_bits();
                    let new_byte = (byte & !byte_mask) | (byte_val & byte_mask);
                    self.storage[start_byte + i] = new_byte.reverse_bits();
                } else {
                    self.storage[start_byte + i] =
                        (self.storage[start_byte + i] & !byte_mask) | (byte_val & byte_mask);
                }
                i += 1;
            }
        }
    }
    #[doc = " Raw pointer get using const generics for compile-time optimization."]
    #[doc = " Uses native word size operations when the field fits in usize."]
    #[inline]
    pub const unsafe fn raw_get_const<const BIT_OFFSET: usize, const BIT_WIDTH: u8>(
        this: *const Self,
    ) -> u64 {
        debug_assert!(BIT_WIDTH <= 64);
        debug_assert!(BIT_OFFSET / 8 < N);
        debug_assert!((BIT_OFFSET + (BIT_WIDTH as usize) + 7) / 8 <= N);
        if BIT_WIDTH == 0 {
            return 0;
        }
        let start_byte = BIT_OFFSET / 8;
        let bit_shift = BIT_OFFSET % 8;
        let bytes_needed = (BIT_WIDTH as usize + bit_shift + 7) / 8;
        let storage_ptr = unsafe { core::ptr::addr_of!((*this).storage) as *const u8 };
        if BIT_WIDTH as usize + bit_shift <= usize::BITS as usize {
            let mut val = 0usize;
            if cfg!(target_endian = "big") {
                let mut i = 0;
                while i < bytes_needed {
                    let byte = unsafe { *storage_ptr.add(start_byte + i) };
                    val |= (byte.reverse_bits() as usize) << (i * 8);
                    i += 1;
                }
            } else {
                let mut i = 0;
                while i < bytes_needed {
                    let byte = unsafe { *storage_ptr.add(start_byte + i) };
                    val |= (byte as usize) << (i * 8);
                    i += 1;
                }
            }
            val >>= bit_shift;
            if (BIT_WIDTH as u32) < usize::BITS {
                val &= (1usize << BIT_WIDTH) - 1;
            }
            if cfg!(target_endian = "big") {
                val = val.reverse_bits() >> (usize::BITS as usize - BIT_WIDTH as usize);
            }
            val as u64
        } else {
            let mut val = 0u64;
            if cfg!(target_endian = "big") {
                let mut i = 0;
                while i < bytes_needed {
                    let byte = unsafe { *storage_ptr.add(start_byte + i) };
                    val |= (byte.reverse_bits() as u64) << (i * 8);
                    i += 1;
                }
            } else {
                let mut i = 0;
                while i < bytes_needed {
                    let byte = unsafe { *storage_ptr.add(start_byte + i) };
                    val |= (byte as u64) << (i * 8);
                    i += 1;
                }
            }
            val >>= bit_shift;
            if BIT_WIDTH < 64 {
                val &= (1u64 << BIT_WIDTH) - 1;
            }
            if cfg!(target_endian = "big") {
                val = val.reverse_bits() >> (64 - BIT_WIDTH as usize);
            }
            val
        }
    }
    #[doc = " Raw pointer set using const generics for compile-time optimization."]
    #[doc = " Uses native word size operations when the field fits in usize."]
    #[inline]
    pub unsafe fn raw_set_const<const BIT_OFFSET: usize, const BIT_WIDTH: u8>(
        this: *mut Self,
        val: u64,
    ) {
        debug_assert!(BIT_WIDTH <= 64);
        debug_assert!(BIT_OFFSET / 8 < N);
        debug_assert!((BIT_OFFSET + (BIT_WIDTH as usize) + 7) / 8 <= N);
        if BIT_WIDTH == 0 {
            return;
        }
        let start_byte = BIT_OFFSET / 8;
        let bit_shift = BIT_OFFSET % 8;
        let bytes_needed = (BIT_WIDTH as usize + bit_shift + 7) / 8;
        let storage_ptr = this.cast::<[u8; N]>().cast::<u8>();
        if BIT_WIDTH as usize + bit_shift <= usize::BITS as usize {
            let mut val = val as usize;
            if (BIT_WIDTH as u32) < usize::BITS {
                val &= (1usize << BIT_WIDTH) - 1;
            }
            if cfg!(target_endian = "big") {
                val = val.reverse_bits() >> (usize::BITS as usize - BIT_WIDTH as usize);
            }
            val <<= bit_shift;
            let field_mask = if BIT_WIDTH as usize + bit_shift >= usize::BITS as usize {
                !0usize << bit_shift
            } else {
                ((1usize << BIT_WIDTH) - 1) << bit_shift
            };
            let mut i = 0;
            while i < bytes_needed {
                let byte_val = (val >> (i * 8)) as u8;
                let byte_mask = (field_mask >> (i * 8)) as u8;
                let byte_ptr = unsafe { storage_ptr.add(start_byte + i) };
                if cfg!(target_endian = "big") {
                    let byte = unsafe { (*byte_ptr).reverse_bits() };
                    let new_byte = (byte & !byte_mask) | (byte_val & byte_mask);
                    unsafe { *byte_ptr = new_byte.reverse_bits() };
                } else {
                    unsafe { *byte_ptr = (*byte_ptr & !byte_mask) | (byte_val & byte_mask) };
                }
                i += 1;
            }
        } else {
            let mut val = val;
            if BIT_WIDTH < 64 {
                val &= (1u64 << BIT_WIDTH) - 1;
            }
            if cfg!(target_endian = "big") {
                val = val.reverse_bits() >> (64 - BIT_WIDTH as usize);
            }
            val <<= bit_shift;
            let field_mask = if BIT_WIDTH as usize + bit_shift >= 64 {
                !0u64 << bit_shift
            } else {
                ((1u64 << BIT_WIDTH) - 1) << bit_shift
            };
            let mut i = 0;
            while i < bytes_needed {
                let byte_val = (val >> (i * 8)) as u8;
                let byte_mask = (field_mask >> (i * 8)) as u8;
                let byte_ptr = unsafe { storage_ptr.add(start_byte + i) };
                if cfg!(target_endian = "big") {
                    let byte = unsafe { (*byte_ptr).reverse_bits() };
                    let new_byte = (byte & !byte_mask) | (byte_val & byte_mask);
                    unsafe { *byte_ptr = new_byte.reverse_bits() };
                } else {
                    unsafe { *byte_ptr = (*byte_ptr & !byte_mask) | (byte_val & byte_mask) };
                }
                i += 1;
            }
        }
    }
}
impl splitflags {
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub fn dryrun(&self) -> ::core::ffi::c_uint {
        unsafe { ::core::mem::transmute(self._bitfield_1.get_const::<0usize, 1u8>() as u32) }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub fn set_dryrun(&mut self, val: ::core::ffi::c_uint) {
        unsafe {
            let val: u32 = ::core::mem::transmute(val);
            self._bitfield_1.set_const::<0usize, 1u8>(val as u64)
        }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub unsafe fn dryrun_raw(this: *const Self) -> ::core::ffi::c_uint {
        unsafe {
            ::core::mem::transmute(
                <__BindgenBitfieldUnit<[u8; 1usize]>>::raw_get_const::<0usize, 1u8>(
                    ::core::ptr::addr_of!((*this)._bitfield_1),
                ) as u32,
            )
        }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub unsafe fn set_dryrun_raw(this: *mut Self, val: ::core::ffi::c_uint) {
        unsafe {
            let val: u32 = ::core::mem::transmute(val);
            <__BindgenBitfieldUnit<[u8; 1usize]>>::raw_set_const::<0usize, 1u8>(
                ::core::ptr::addr_of_mut!((*this)._bitfield_1),
                val as u64,
            )
        }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub fn import(&self) -> ::core::ffi::c_uint {
        unsafe { ::core::mem::transmute(self._bitfield_1.get_const::<1usize, 1u8>() as u32) }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub fn set_import(&mut self, val: ::core::ffi::c_uint) {
        unsafe {
            let val: u32 = ::core::mem::transmute(val);
            self._bitfield_1.set_const::<1usize, 1u8>(val as u64)
        }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub unsafe fn import_raw(this: *const Self) -> ::core::ffi::c_uint {
        unsafe {
            ::core::mem::transmute(
                <__BindgenBitfieldUnit<[u8; 1usize]>>::raw_get_const::<1usize, 1u8>(
                    ::core::ptr::addr_of!((*this)._bitfield_1),
                ) as u32,
            )
        }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub unsafe fn set_import_raw(this: *mut Self, val: ::core::ffi::c_uint) {
        unsafe {
            let val: u32 = ::core::mem::transmute(val);
            <__BindgenBitfieldUnit<[u8; 1usize]>>::raw_set_const::<1usize, 1u8>(
                ::core::ptr::addr_of_mut!((*this)._bitfield_1),
                val as u64,
            )
        }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub fn new_bitfield_1(
        dryrun: ::core::ffi::c_uint,
        import: ::core::ffi::c_uint,
    ) -> __BindgenBitfieldUnit<[u8; 1usize]> {
        let mut __bindgen_bitfield_unit: __BindgenBitfieldUnit<[u8; 1usize]> = Default::default();
        __bindgen_bitfield_unit.set_const::<0usize, 1u8>({
            let dryrun: u32 = unsafe { ::core::mem::transmute(dryrun) };
            dryrun as u64
        });
        __bindgen_bitfield_unit.set_const::<1usize, 1u8>({
            let import: u32 = unsafe { ::core::mem::transmute(import) };
            import as u64
        });
        __bindgen_bitfield_unit
    }
}
impl renameflags {
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub fn recursive(&self) -> ::core::ffi::c_uint {
        unsafe { ::core::mem::transmute(self._bitfield_1.get_const::<0usize, 1u8>() as u32) }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub fn set_recursive(&mut self, val: ::core::ffi::c_uint) {
        unsafe {
            let val: u32 = ::core::mem::transmute(val);
            self._bitfield_1.set_const::<0usize, 1u8>(val as u64)
        }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub unsafe fn recursive_raw(this: *const Self) -> ::core::ffi::c_uint {
        unsafe {
            ::core::mem::transmute(
                <__BindgenBitfieldUnit<[u8; 1usize]>>::raw_get_const::<0usize, 1u8>(
                    ::core::ptr::addr_of!((*this)._bitfield_1),
                ) as u32,
            )
        }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub unsafe fn set_recursive_raw(this: *mut Self, val: ::core::ffi::c_uint) {
        unsafe {
            let val: u32 = ::core::mem::transmute(val);
            <__BindgenBitfieldUnit<[u8; 1usize]>>::raw_set_const::<0usize, 1u8>(
                ::core::ptr::addr_of_mut!((*this)._bitfield_1),
                val as u64,
            )
        }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub fn nounmount(&self) -> ::core::ffi::c_uint {
        unsafe { ::core::mem::transmute(self._bitfield_1.get_const::<1usize, 1u8>() as u32) }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub fn set_nounmount(&mut self, val: ::core::ffi::c_uint) {
        unsafe {
            let val: u32 = ::core::mem::transmute(val);
            self._bitfield_1.set_const::<1usize, 1u8>(val as u64)
        }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub unsafe fn nounmount_raw(this: *const Self) -> ::core::ffi::c_uint {
        unsafe {
            ::core::mem::transmute(
                <__BindgenBitfieldUnit<[u8; 1usize]>>::raw_get_const::<1usize, 1u8>(
                    ::core::ptr::addr_of!((*this)._bitfield_1),
                ) as u32,
            )
        }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub unsafe fn set_nounmount_raw(this: *mut Self, val: ::core::ffi::c_uint) {
        unsafe {
            let val: u32 = ::core::mem::transmute(val);
            <__BindgenBitfieldUnit<[u8; 1usize]>>::raw_set_const::<1usize, 1u8>(
                ::core::ptr::addr_of_mut!((*this)._bitfield_1),
                val as u64,
            )
        }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub fn forceunmount(&self) -> ::core::ffi::c_uint {
        unsafe { ::core::mem::transmute(self._bitfield_1.get_const::<2usize, 1u8>() as u32) }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub fn set_forceunmount(&mut self, val: ::core::ffi::c_uint) {
        unsafe {
            let val: u32 = ::core::mem::transmute(val);
            self._bitfield_1.set_const::<2usize, 1u8>(val as u64)
        }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub unsafe fn forceunmount_raw(this: *const Self) -> ::core::ffi::c_uint {
        unsafe {
            ::core::mem::transmute(
                <__BindgenBitfieldUnit<[u8; 1usize]>>::raw_get_const::<2usize, 1u8>(
                    ::core::ptr::addr_of!((*this)._bitfield_1),
                ) as u32,
            )
        }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub unsafe fn set_forceunmount_raw(this: *mut Self, val: ::core::ffi::c_uint) {
        unsafe {
            let val: u32 = ::core::mem::transmute(val);
            <__BindgenBitfieldUnit<[u8; 1usize]>>::raw_set_const::<2usize, 1u8>(
                ::core::ptr::addr_of_mut!((*this)._bitfield_1),
                val as u64,
            )
        }
    }
    #[inline]
    #[allow(unnecessary_transmutes)]
    pub fn new_bitfield_1(
        recursive: ::core::ffi::c_uint,
        nounmount: ::core::ffi::c_uint,
        forceunmount: ::core::ffi::c_uint,
    ) -> __BindgenBitfieldUnit<[u8; 1usize]> {
        let mut __bindgen_bitfield_unit: __BindgenBitfieldUnit<[u8; 1usize]> = Default::default();
        __bindgen_bitfield_unit.set_const::<0usize, 1u8>({
            let recursive: u32 = unsafe { ::core::mem::transmute(recursive) };
            recursive as u64
        });
        __bindgen_bitfield_unit.set_const::<1usize, 1u8>({
            let nounmount: u32 = unsafe { ::core::mem::transmute(nounmount) };
            nounmount as u64
        });
        __bindgen_bitfield_unit.set_const::<2usize, 1u8>({
            let forceunmount: u32 = unsafe { ::core::mem::transmute(forceunmount) };
            forceunmount as u64
        });
        __bindgen_bitfield_unit
    }
}
pub use self::diff_flags as diff_flags_t;
pub use self::lpc_error as lpc_error_t;
pub use self::mmp_state as mmp_state_t;
pub use self::zfs_error as zfs_error_t;
pub use self::zfs_share_op as zfs_share_op_t;
pub use self::zio_priority as zio_priority_t;
pub use self::zio_type as zio_type_t;
unsafe extern "C" {
    pub static zfs_userquota_prop_prefixes: [*const ::core::ffi::c_char; 12usize];
    pub fn zfs_prop_default_string(arg1: zfs_prop_t) -> *const ::core::ffi::c_char;
    pub fn zfs_prop_default_numeric(arg1: zfs_prop_t) -> u64;
    pub fn zfs_prop_readonly(arg1: zfs_prop_t) -> boolean_t;
    pub fn zfs_prop_visible(prop: zfs_prop_t) -> boolean_t;
    pub fn zfs_prop_inheritable(arg1: zfs_prop_t) -> boolean_t;
    pub fn zfs_prop_setonce(arg1: zfs_prop_t) -> boolean_t;
    pub fn zfs_prop_encryption_key_param(arg1: zfs_prop_t) -> boolean_t;
    pub fn zfs_prop_valid_keylocation(
        arg1: *const ::core::ffi::c_char,
        arg2: boolean_t,
    ) -> boolean_t;
    pub fn zfs_prop_to_name(arg1: zfs_prop_t) -> *const ::core::ffi::c_char;
    pub fn zfs_name_to_prop(arg1: *const ::core::ffi::c_char) -> zfs_prop_t;
    pub fn zfs_prop_user(arg1: *const ::core::ffi::c_char) -> boolean_t;
    pub fn zfs_prop_userquota(arg1: *const ::core::ffi::c_char) -> boolean_t;
    pub fn zfs_prop_written(arg1: *const ::core::ffi::c_char) -> boolean_t;
    pub fn zfs_prop_index_to_string(
        arg1: zfs_prop_t,
        arg2: u64,
        arg3: *mut *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zfs_prop_string_to_index(
        arg1: zfs_prop_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut u64,
    ) -> ::core::ffi::c_int;
    pub fn zfs_prop_random_value(arg1: zfs_prop_t, seed: u64) -> u64;
    pub fn zfs_prop_valid_for_type(
        arg1: ::core::ffi::c_int,
        arg2: zfs_type_t,
        arg3: boolean_t,
    ) -> boolean_t;
    pub fn zpool_name_to_prop(arg1: *const ::core::ffi::c_char) -> zpool_prop_t;
    pub fn zpool_prop_to_name(arg1: zpool_prop_t) -> *const ::core::ffi::c_char;
    pub fn zpool_prop_default_string(arg1: zpool_prop_t) -> *const ::core::ffi::c_char;
    pub fn zpool_prop_default_numeric(arg1: zpool_prop_t) -> u64;
    pub fn zpool_prop_readonly(arg1: zpool_prop_t) -> boolean_t;
    pub fn zpool_prop_setonce(arg1: zpool_prop_t) -> boolean_t;
    pub fn zpool_prop_feature(arg1: *const ::core::ffi::c_char) -> boolean_t;
    pub fn zpool_prop_unsupported(arg1: *const ::core::ffi::c_char) -> boolean_t;
    pub fn zpool_prop_index_to_string(
        arg1: zpool_prop_t,
        arg2: u64,
        arg3: *mut *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zpool_prop_string_to_index(
        arg1: zpool_prop_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut u64,
    ) -> ::core::ffi::c_int;
    pub fn zpool_prop_random_value(arg1: zpool_prop_t, seed: u64) -> u64;
    pub fn vdev_name_to_prop(arg1: *const ::core::ffi::c_char) -> vdev_prop_t;
    pub fn vdev_prop_user(name: *const ::core::ffi::c_char) -> boolean_t;
    pub fn vdev_prop_to_name(arg1: vdev_prop_t) -> *const ::core::ffi::c_char;
    pub fn vdev_prop_default_string(arg1: vdev_prop_t) -> *const ::core::ffi::c_char;
    pub fn vdev_prop_default_numeric(arg1: vdev_prop_t) -> u64;
    pub fn vdev_prop_readonly(prop: vdev_prop_t) -> boolean_t;
    pub fn vdev_prop_index_to_string(
        arg1: vdev_prop_t,
        arg2: u64,
        arg3: *mut *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn vdev_prop_string_to_index(
        arg1: vdev_prop_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut u64,
    ) -> ::core::ffi::c_int;
    pub fn zpool_prop_vdev(name: *const ::core::ffi::c_char) -> boolean_t;
    pub fn vdev_prop_random_value(prop: vdev_prop_t, seed: u64) -> u64;
    pub static mut libzfs_config_ops: pool_config_ops_t;
    pub static mut libzpool_config_ops: pool_config_ops_t;
    pub fn libpc_error_description(arg1: *mut libpc_handle_t) -> *const ::core::ffi::c_char;
    pub fn zpool_search_import(arg1: *mut libpc_handle_t, arg2: *mut importargs_t)
    -> *mut nvlist_t;
    pub fn zpool_find_config(
        arg1: *mut libpc_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut *mut nvlist_t,
        arg4: *mut importargs_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_default_search_paths(count: *mut usize) -> *const *const ::core::ffi::c_char;
    pub fn zpool_read_label(
        arg1: ::core::ffi::c_int,
        arg2: *mut *mut nvlist_t,
        arg3: *mut ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn zpool_label_disk_wait(
        arg1: *const ::core::ffi::c_char,
        arg2: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn zpool_disk_wait(arg1: *const ::core::ffi::c_char) -> ::core::ffi::c_int;
    pub fn zfs_device_get_devid(
        arg1: *mut udev_device,
        arg2: *mut ::core::ffi::c_char,
        arg3: usize,
    ) -> ::core::ffi::c_int;
    pub fn zfs_device_get_physical(
        arg1: *mut udev_device,
        arg2: *mut ::core::ffi::c_char,
        arg3: usize,
    ) -> ::core::ffi::c_int;
    pub fn update_vdev_config_dev_strs(arg1: *mut nvlist_t);
    pub fn zfs_append_partition(
        path: *mut ::core::ffi::c_char,
        max_len: usize,
    ) -> ::core::ffi::c_int;
    pub fn zfs_resolve_shortname(
        name: *const ::core::ffi::c_char,
        path: *mut ::core::ffi::c_char,
        pathlen: usize,
    ) -> ::core::ffi::c_int;
    pub fn zfs_strip_partition(arg1: *const ::core::ffi::c_char) -> *mut ::core::ffi::c_char;
    pub fn zfs_strip_path(arg1: *const ::core::ffi::c_char) -> *const ::core::ffi::c_char;
    pub fn zfs_strcmp_pathname(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn zfs_dev_is_dm(arg1: *const ::core::ffi::c_char) -> boolean_t;
    pub fn zfs_dev_is_whole_disk(arg1: *const ::core::ffi::c_char) -> boolean_t;
    pub fn zfs_dev_flush(arg1: ::core::ffi::c_int) -> ::core::ffi::c_int;
    pub fn zfs_get_underlying_path(arg1: *const ::core::ffi::c_char) -> *mut ::core::ffi::c_char;
    pub fn zfs_get_enclosure_sysfs_path(
        arg1: *const ::core::ffi::c_char,
    ) -> *mut ::core::ffi::c_char;
    pub fn is_mpath_whole_disk(arg1: *const ::core::ffi::c_char) -> boolean_t;
    pub fn zfs_isnumber(arg1: *const ::core::ffi::c_char) -> boolean_t;
    pub fn zfs_nicebytes(arg1: u64, arg2: *mut ::core::ffi::c_char, arg3: usize);
    pub fn zfs_nicenum(arg1: u64, arg2: *mut ::core::ffi::c_char, arg3: usize);
    pub fn zfs_nicenum_format(
        arg1: u64,
        arg2: *mut ::core::ffi::c_char,
        arg3: usize,
        arg4: zfs_nicenum_format,
    );
    pub fn zfs_nicetime(arg1: u64, arg2: *mut ::core::ffi::c_char, arg3: usize);
    pub fn zfs_niceraw(arg1: u64, arg2: *mut ::core::ffi::c_char, arg3: usize);
    pub fn zpool_dump_ddt(arg1: *const ddt_stat_t, arg2: *const ddt_histogram_t);
    pub fn zpool_history_unpack(
        arg1: *mut ::core::ffi::c_char,
        arg2: u64,
        arg3: *mut u64,
        arg4: *mut *mut *mut nvlist_t,
        arg5: *mut uint_t,
    ) -> ::core::ffi::c_int;
    pub fn fsleep(sec: f32);
    pub fn zpool_getenv_int(
        env: *const ::core::ffi::c_char,
        default_val: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn use_color() -> ::core::ffi::c_int;
    pub fn color_start(color: *const ::core::ffi::c_char);
    pub fn color_end();
    pub fn printf_color(
        color: *const ::core::ffi::c_char,
        format: *const ::core::ffi::c_char,
        ...
    ) -> ::core::ffi::c_int;
    pub fn zfs_basename(path: *const ::core::ffi::c_char) -> *const ::core::ffi::c_char;
    pub fn zfs_dirnamelen(path: *const ::core::ffi::c_char) -> isize;
    pub static mut environ: *mut *mut ::core::ffi::c_char;
    pub fn zfs_setproctitle_init(
        argc: ::core::ffi::c_int,
        argv: *mut *mut ::core::ffi::c_char,
        envp: *mut *mut ::core::ffi::c_char,
    );
    pub fn zfs_setproctitle(fmt: *const ::core::ffi::c_char, ...);
    pub fn update_vdev_config_dev_sysfs_path(
        nv: *mut nvlist_t,
        path: *const ::core::ffi::c_char,
        key: *const ::core::ffi::c_char,
    );
    pub fn zpool_wait(arg1: *mut zpool_handle_t, arg2: zpool_wait_activity_t)
    -> ::core::ffi::c_int;
    pub fn zpool_wait_status(
        arg1: *mut zpool_handle_t,
        arg2: zpool_wait_activity_t,
        arg3: *mut boolean_t,
        arg4: *mut boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn libzfs_init() -> *mut libzfs_handle_t;
    pub fn libzfs_fini(arg1: *mut libzfs_handle_t);
    pub fn zpool_get_handle(arg1: *mut zpool_handle_t) -> *mut libzfs_handle_t;
    pub fn zfs_get_handle(arg1: *mut zfs_handle_t) -> *mut libzfs_handle_t;
    pub fn libzfs_print_on_error(arg1: *mut libzfs_handle_t, arg2: boolean_t);
    pub fn zfs_save_arguments(
        argc: ::core::ffi::c_int,
        arg1: *mut *mut ::core::ffi::c_char,
        arg2: *mut ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
    );
    pub fn zpool_log_history(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn libzfs_errno(arg1: *mut libzfs_handle_t) -> ::core::ffi::c_int;
    pub fn libzfs_error_init(arg1: ::core::ffi::c_int) -> *const ::core::ffi::c_char;
    pub fn libzfs_error_action(arg1: *mut libzfs_handle_t) -> *const ::core::ffi::c_char;
    pub fn libzfs_error_description(arg1: *mut libzfs_handle_t) -> *const ::core::ffi::c_char;
    pub fn zfs_standard_error(
        arg1: *mut libzfs_handle_t,
        arg2: ::core::ffi::c_int,
        arg3: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn libzfs_mnttab_init(arg1: *mut libzfs_handle_t);
    pub fn libzfs_mnttab_fini(arg1: *mut libzfs_handle_t);
    pub fn libzfs_mnttab_cache(arg1: *mut libzfs_handle_t, arg2: boolean_t);
    pub fn libzfs_mnttab_find(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut mnttab,
    ) -> ::core::ffi::c_int;
    pub fn libzfs_mnttab_add(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *const ::core::ffi::c_char,
        arg4: *const ::core::ffi::c_char,
    );
    pub fn libzfs_mnttab_remove(arg1: *mut libzfs_handle_t, arg2: *const ::core::ffi::c_char);
    pub fn zpool_open(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
    ) -> *mut zpool_handle_t;
    pub fn zpool_open_canfail(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
    ) -> *mut zpool_handle_t;
    pub fn zpool_close(arg1: *mut zpool_handle_t);
    pub fn zpool_get_name(arg1: *mut zpool_handle_t) -> *const ::core::ffi::c_char;
    pub fn zpool_get_state(arg1: *mut zpool_handle_t) -> ::core::ffi::c_int;
    pub fn zpool_state_to_name(arg1: vdev_state_t, arg2: vdev_aux_t) -> *const ::core::ffi::c_char;
    pub fn zpool_pool_state_to_name(arg1: pool_state_t) -> *const ::core::ffi::c_char;
    pub fn zpool_free_handles(arg1: *mut libzfs_handle_t);
    pub fn zpool_iter(
        arg1: *mut libzfs_handle_t,
        arg2: zpool_iter_f,
        arg3: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zpool_skip_pool(arg1: *const ::core::ffi::c_char) -> boolean_t;
    pub fn zpool_create(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut nvlist_t,
        arg4: *mut nvlist_t,
        arg5: *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_destroy(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zpool_add(
        arg1: *mut zpool_handle_t,
        arg2: *mut nvlist_t,
        check_ashift: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_scan(
        arg1: *mut zpool_handle_t,
        arg2: pool_scan_func_t,
        arg3: pool_scrub_cmd_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_initialize(
        arg1: *mut zpool_handle_t,
        arg2: pool_initialize_func_t,
        arg3: *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_initialize_wait(
        arg1: *mut zpool_handle_t,
        arg2: pool_initialize_func_t,
        arg3: *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_trim(
        arg1: *mut zpool_handle_t,
        arg2: pool_trim_func_t,
        arg3: *mut nvlist_t,
        arg4: *mut trimflags_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_clear(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_reguid(arg1: *mut zpool_handle_t) -> ::core::ffi::c_int;
    pub fn zpool_set_guid(arg1: *mut zpool_handle_t, arg2: *const u64) -> ::core::ffi::c_int;
    pub fn zpool_reopen_one(
        arg1: *mut zpool_handle_t,
        arg2: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zpool_sync_one(
        arg1: *mut zpool_handle_t,
        arg2: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zpool_ddt_prune(
        arg1: *mut zpool_handle_t,
        arg2: zpool_ddt_prune_unit_t,
        arg3: u64,
    ) -> ::core::ffi::c_int;
    pub fn zpool_vdev_online(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
        arg4: *mut vdev_state_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_vdev_offline(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_vdev_attach(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *const ::core::ffi::c_char,
        arg4: *mut nvlist_t,
        arg5: ::core::ffi::c_int,
        arg6: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_vdev_detach(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zpool_vdev_remove(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zpool_vdev_remove_cancel(arg1: *mut zpool_handle_t) -> ::core::ffi::c_int;
    pub fn zpool_vdev_indirect_size(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut u64,
    ) -> ::core::ffi::c_int;
    pub fn zpool_vdev_split(
        arg1: *mut zpool_handle_t,
        arg2: *mut ::core::ffi::c_char,
        arg3: *mut *mut nvlist_t,
        arg4: *mut nvlist_t,
        arg5: splitflags_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_vdev_remove_wanted(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zpool_vdev_fault(
        arg1: *mut zpool_handle_t,
        arg2: u64,
        arg3: vdev_aux_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_vdev_degrade(
        arg1: *mut zpool_handle_t,
        arg2: u64,
        arg3: vdev_aux_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_vdev_set_removed_state(
        arg1: *mut zpool_handle_t,
        arg2: u64,
        arg3: vdev_aux_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_vdev_clear(arg1: *mut zpool_handle_t, arg2: u64) -> ::core::ffi::c_int;
    pub fn zpool_find_vdev(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut boolean_t,
        arg4: *mut boolean_t,
        arg5: *mut boolean_t,
    ) -> *mut nvlist_t;
    pub fn zpool_find_parent_vdev(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut boolean_t,
        arg4: *mut boolean_t,
        arg5: *mut boolean_t,
    ) -> *mut nvlist_t;
    pub fn zpool_find_vdev_by_physpath(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut boolean_t,
        arg4: *mut boolean_t,
        arg5: *mut boolean_t,
    ) -> *mut nvlist_t;
    pub fn zpool_label_disk(
        arg1: *mut libzfs_handle_t,
        arg2: *mut zpool_handle_t,
        arg3: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zpool_prepare_disk(
        zhp: *mut zpool_handle_t,
        vdev_nv: *mut nvlist_t,
        prepare_str: *const ::core::ffi::c_char,
        lines: *mut *mut *mut ::core::ffi::c_char,
        lines_cnt: *mut ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn zpool_prepare_and_label_disk(
        hdl: *mut libzfs_handle_t,
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        vdev_nv: *mut nvlist_t,
        prepare_str: *const ::core::ffi::c_char,
        lines: *mut *mut *mut ::core::ffi::c_char,
        lines_cnt: *mut ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn zpool_vdev_script_alloc_env(
        pool_name: *const ::core::ffi::c_char,
        vdev_path: *const ::core::ffi::c_char,
        vdev_upath: *const ::core::ffi::c_char,
        vdev_enc_sysfs_path: *const ::core::ffi::c_char,
        opt_key: *const ::core::ffi::c_char,
        opt_val: *const ::core::ffi::c_char,
    ) -> *mut *mut ::core::ffi::c_char;
    pub fn zpool_vdev_script_free_env(env: *mut *mut ::core::ffi::c_char);
    pub fn zpool_vdev_path_to_guid(
        zhp: *mut zpool_handle_t,
        path: *const ::core::ffi::c_char,
    ) -> u64;
    pub fn zpool_get_state_str(arg1: *mut zpool_handle_t) -> *const ::core::ffi::c_char;
    pub fn zpool_set_prop(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zpool_get_prop(
        arg1: *mut zpool_handle_t,
        arg2: zpool_prop_t,
        arg3: *mut ::core::ffi::c_char,
        proplen: usize,
        arg4: *mut zprop_source_t,
        literal: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_get_userprop(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut ::core::ffi::c_char,
        proplen: usize,
        arg4: *mut zprop_source_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_get_prop_int(
        arg1: *mut zpool_handle_t,
        arg2: zpool_prop_t,
        arg3: *mut zprop_source_t,
    ) -> u64;
    pub fn zpool_props_refresh(arg1: *mut zpool_handle_t) -> ::core::ffi::c_int;
    pub fn zpool_prop_values(arg1: zpool_prop_t) -> *const ::core::ffi::c_char;
    pub fn zpool_get_vdev_prop_value(
        arg1: *mut nvlist_t,
        arg2: vdev_prop_t,
        arg3: *mut ::core::ffi::c_char,
        arg4: *mut ::core::ffi::c_char,
        arg5: usize,
        arg6: *mut zprop_source_t,
        arg7: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_get_vdev_prop(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: vdev_prop_t,
        arg4: *mut ::core::ffi::c_char,
        arg5: *mut ::core::ffi::c_char,
        arg6: usize,
        arg7: *mut zprop_source_t,
        arg8: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_get_all_vdev_props(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_set_vdev_prop(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *const ::core::ffi::c_char,
        arg4: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn vdev_prop_values(arg1: vdev_prop_t) -> *const ::core::ffi::c_char;
    pub fn vdev_prop_column_name(arg1: vdev_prop_t) -> *const ::core::ffi::c_char;
    pub fn vdev_prop_align_right(arg1: vdev_prop_t) -> boolean_t;
    pub fn zpool_get_status(
        arg1: *mut zpool_handle_t,
        arg2: *mut *const ::core::ffi::c_char,
        arg3: *mut zpool_errata_t,
    ) -> zpool_status_t;
    pub fn zpool_import_status(
        arg1: *mut nvlist_t,
        arg2: *mut *const ::core::ffi::c_char,
        arg3: *mut zpool_errata_t,
    ) -> zpool_status_t;
    pub fn zpool_get_config(arg1: *mut zpool_handle_t, arg2: *mut *mut nvlist_t) -> *mut nvlist_t;
    pub fn zpool_get_features(arg1: *mut zpool_handle_t) -> *mut nvlist_t;
    pub fn zpool_refresh_stats(
        arg1: *mut zpool_handle_t,
        arg2: *mut boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_get_errlog(
        arg1: *mut zpool_handle_t,
        arg2: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_add_propname(arg1: *mut zpool_handle_t, arg2: *const ::core::ffi::c_char);
    pub fn zpool_export(
        arg1: *mut zpool_handle_t,
        arg2: boolean_t,
        arg3: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zpool_export_force(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zpool_import(
        arg1: *mut libzfs_handle_t,
        arg2: *mut nvlist_t,
        arg3: *const ::core::ffi::c_char,
        altroot: *mut ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zpool_import_props(
        arg1: *mut libzfs_handle_t,
        arg2: *mut nvlist_t,
        arg3: *const ::core::ffi::c_char,
        arg4: *mut nvlist_t,
        arg5: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn zpool_collect_unsup_feat(
        config: *mut nvlist_t,
        buf: *mut ::core::ffi::c_char,
        size: usize,
    );
    pub static zfs_history_event_names: [*const ::core::ffi::c_char; 0usize];
    pub fn zpool_vdev_name(
        arg1: *mut libzfs_handle_t,
        arg2: *mut zpool_handle_t,
        arg3: *mut nvlist_t,
        name_flags: ::core::ffi::c_int,
    ) -> *mut ::core::ffi::c_char;
    pub fn zpool_upgrade(arg1: *mut zpool_handle_t, arg2: u64) -> ::core::ffi::c_int;
    pub fn zpool_get_history(
        arg1: *mut zpool_handle_t,
        arg2: *mut *mut nvlist_t,
        arg3: *mut u64,
        arg4: *mut boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_events_next(
        arg1: *mut libzfs_handle_t,
        arg2: *mut *mut nvlist_t,
        arg3: *mut ::core::ffi::c_int,
        arg4: ::core::ffi::c_uint,
        arg5: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn zpool_events_clear(
        arg1: *mut libzfs_handle_t,
        arg2: *mut ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn zpool_events_seek(
        arg1: *mut libzfs_handle_t,
        arg2: u64,
        arg3: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn zpool_obj_to_path_ds(
        arg1: *mut zpool_handle_t,
        arg2: u64,
        arg3: u64,
        arg4: *mut ::core::ffi::c_char,
        arg5: usize,
    );
    pub fn zpool_obj_to_path(
        arg1: *mut zpool_handle_t,
        arg2: u64,
        arg3: u64,
        arg4: *mut ::core::ffi::c_char,
        arg5: usize,
    );
    pub fn zfs_ioctl(
        arg1: *mut libzfs_handle_t,
        arg2: ::core::ffi::c_int,
        arg3: *mut zfs_cmd,
    ) -> ::core::ffi::c_int;
    pub fn zpool_explain_recover(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
        arg4: *mut nvlist_t,
        arg5: *mut ::core::ffi::c_char,
        arg6: usize,
    );
    pub fn zpool_checkpoint(arg1: *mut zpool_handle_t) -> ::core::ffi::c_int;
    pub fn zpool_discard_checkpoint(arg1: *mut zpool_handle_t) -> ::core::ffi::c_int;
    pub fn zpool_is_draid_spare(arg1: *const ::core::ffi::c_char) -> boolean_t;
    pub fn zpool_prefetch(
        arg1: *mut zpool_handle_t,
        arg2: zpool_prefetch_type_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_open(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
    ) -> *mut zfs_handle_t;
    pub fn zfs_handle_dup(arg1: *mut zfs_handle_t) -> *mut zfs_handle_t;
    pub fn zfs_close(arg1: *mut zfs_handle_t);
    pub fn zfs_get_type(arg1: *const zfs_handle_t) -> zfs_type_t;
    pub fn zfs_get_underlying_type(arg1: *const zfs_handle_t) -> zfs_type_t;
    pub fn zfs_get_name(arg1: *const zfs_handle_t) -> *const ::core::ffi::c_char;
    pub fn zfs_get_pool_handle(arg1: *const zfs_handle_t) -> *mut zpool_handle_t;
    pub fn zfs_get_pool_name(arg1: *const zfs_handle_t) -> *const ::core::ffi::c_char;
    pub fn zfs_prop_column_name(arg1: zfs_prop_t) -> *const ::core::ffi::c_char;
    pub fn zfs_prop_align_right(arg1: zfs_prop_t) -> boolean_t;
    pub fn zfs_valid_proplist(
        arg1: *mut libzfs_handle_t,
        arg2: zfs_type_t,
        arg3: *mut nvlist_t,
        arg4: u64,
        arg5: *mut zfs_handle_t,
        arg6: *mut zpool_handle_t,
        arg7: boolean_t,
        arg8: *const ::core::ffi::c_char,
    ) -> *mut nvlist_t;
    pub fn zfs_prop_set(
        arg1: *mut zfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zfs_prop_set_list(arg1: *mut zfs_handle_t, arg2: *mut nvlist_t) -> ::core::ffi::c_int;
    pub fn zfs_prop_set_list_flags(
        arg1: *mut zfs_handle_t,
        arg2: *mut nvlist_t,
        arg3: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn zfs_prop_get(
        arg1: *mut zfs_handle_t,
        arg2: zfs_prop_t,
        arg3: *mut ::core::ffi::c_char,
        arg4: usize,
        arg5: *mut zprop_source_t,
        arg6: *mut ::core::ffi::c_char,
        arg7: usize,
        arg8: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_prop_get_recvd(
        arg1: *mut zfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut ::core::ffi::c_char,
        arg4: usize,
        arg5: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_prop_get_numeric(
        arg1: *mut zfs_handle_t,
        arg2: zfs_prop_t,
        arg3: *mut u64,
        arg4: *mut zprop_source_t,
        arg5: *mut ::core::ffi::c_char,
        arg6: usize,
    ) -> ::core::ffi::c_int;
    pub fn zfs_prop_get_userquota_int(
        zhp: *mut zfs_handle_t,
        propname: *const ::core::ffi::c_char,
        propvalue: *mut u64,
    ) -> ::core::ffi::c_int;
    pub fn zfs_prop_get_userquota(
        zhp: *mut zfs_handle_t,
        propname: *const ::core::ffi::c_char,
        propbuf: *mut ::core::ffi::c_char,
        proplen: ::core::ffi::c_int,
        literal: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_prop_get_written_int(
        zhp: *mut zfs_handle_t,
        propname: *const ::core::ffi::c_char,
        propvalue: *mut u64,
    ) -> ::core::ffi::c_int;
    pub fn zfs_prop_get_written(
        zhp: *mut zfs_handle_t,
        propname: *const ::core::ffi::c_char,
        propbuf: *mut ::core::ffi::c_char,
        proplen: ::core::ffi::c_int,
        literal: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn getprop_uint64(
        arg1: *mut zfs_handle_t,
        arg2: zfs_prop_t,
        arg3: *mut *const ::core::ffi::c_char,
    ) -> u64;
    pub fn zfs_prop_get_int(arg1: *mut zfs_handle_t, arg2: zfs_prop_t) -> u64;
    pub fn zfs_prop_inherit(
        arg1: *mut zfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_prop_values(arg1: zfs_prop_t) -> *const ::core::ffi::c_char;
    pub fn zfs_prop_is_string(prop: zfs_prop_t) -> ::core::ffi::c_int;
    pub fn zfs_get_all_props(arg1: *mut zfs_handle_t) -> *mut nvlist_t;
    pub fn zfs_get_user_props(arg1: *mut zfs_handle_t) -> *mut nvlist_t;
    pub fn zfs_get_recvd_props(arg1: *mut zfs_handle_t) -> *mut nvlist_t;
    pub fn zfs_get_clones_nvl(arg1: *mut zfs_handle_t) -> *mut nvlist_t;
    pub fn zfs_wait_status(
        arg1: *mut zfs_handle_t,
        arg2: zfs_wait_activity_t,
        arg3: *mut boolean_t,
        arg4: *mut boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_crypto_get_encryption_root(
        arg1: *mut zfs_handle_t,
        arg2: *mut boolean_t,
        arg3: *mut ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zfs_crypto_create(
        arg1: *mut libzfs_handle_t,
        arg2: *mut ::core::ffi::c_char,
        arg3: *mut nvlist_t,
        arg4: *mut nvlist_t,
        stdin_available: boolean_t,
        arg5: *mut *mut u8,
        arg6: *mut uint_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_crypto_clone_check(
        arg1: *mut libzfs_handle_t,
        arg2: *mut zfs_handle_t,
        arg3: *mut ::core::ffi::c_char,
        arg4: *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_crypto_attempt_load_keys(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zfs_crypto_load_key(
        arg1: *mut zfs_handle_t,
        arg2: boolean_t,
        arg3: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zfs_crypto_unload_key(arg1: *mut zfs_handle_t) -> ::core::ffi::c_int;
    pub fn zfs_crypto_rewrap(
        arg1: *mut zfs_handle_t,
        arg2: *mut nvlist_t,
        arg3: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_is_encrypted(arg1: *mut zfs_handle_t) -> boolean_t;
    pub fn zfs_expand_proplist(
        arg1: *mut zfs_handle_t,
        arg2: *mut *mut zprop_list_t,
        arg3: boolean_t,
        arg4: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_prune_proplist(arg1: *mut zfs_handle_t, arg2: *mut u8);
    pub fn vdev_expand_proplist(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut *mut zprop_list_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_expand_proplist(
        arg1: *mut zpool_handle_t,
        arg2: *mut *mut zprop_list_t,
        arg3: zfs_type_t,
        arg4: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_prop_get_feature(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut ::core::ffi::c_char,
        arg4: usize,
    ) -> ::core::ffi::c_int;
    pub fn zpool_prop_column_name(arg1: zpool_prop_t) -> *const ::core::ffi::c_char;
    pub fn zpool_prop_align_right(arg1: zpool_prop_t) -> boolean_t;
    pub fn zprop_iter(
        func: zprop_func,
        cb: *mut ::core::ffi::c_void,
        show_all: boolean_t,
        ordered: boolean_t,
        type_: zfs_type_t,
    ) -> ::core::ffi::c_int;
    pub fn zprop_get_list(
        arg1: *mut libzfs_handle_t,
        arg2: *mut ::core::ffi::c_char,
        arg3: *mut *mut zprop_list_t,
        arg4: zfs_type_t,
    ) -> ::core::ffi::c_int;
    pub fn zprop_free_list(arg1: *mut zprop_list_t);
    pub fn zcmd_print_json(arg1: *mut nvlist_t);
    pub fn zprop_print_one_property(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut zprop_get_cbdata_t,
        arg3: *const ::core::ffi::c_char,
        arg4: *const ::core::ffi::c_char,
        arg5: zprop_source_t,
        arg6: *const ::core::ffi::c_char,
        arg7: *const ::core::ffi::c_char,
    );
    pub fn zprop_nvlist_one_property(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
        arg3: zprop_source_t,
        arg4: *const ::core::ffi::c_char,
        arg5: *const ::core::ffi::c_char,
        arg6: *mut nvlist_t,
        arg7: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zprop_collect_property(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut zprop_get_cbdata_t,
        arg3: *const ::core::ffi::c_char,
        arg4: *const ::core::ffi::c_char,
        arg5: zprop_source_t,
        arg6: *const ::core::ffi::c_char,
        arg7: *const ::core::ffi::c_char,
        arg8: *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_root(
        arg1: *mut libzfs_handle_t,
        arg2: zfs_iter_f,
        arg3: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_children(
        arg1: *mut zfs_handle_t,
        arg2: zfs_iter_f,
        arg3: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_dependents(
        arg1: *mut zfs_handle_t,
        arg2: boolean_t,
        arg3: zfs_iter_f,
        arg4: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_filesystems(
        arg1: *mut zfs_handle_t,
        arg2: zfs_iter_f,
        arg3: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_snapshots(
        arg1: *mut zfs_handle_t,
        arg2: boolean_t,
        arg3: zfs_iter_f,
        arg4: *mut ::core::ffi::c_void,
        arg5: u64,
        arg6: u64,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_snapshots_sorted(
        arg1: *mut zfs_handle_t,
        arg2: zfs_iter_f,
        arg3: *mut ::core::ffi::c_void,
        arg4: u64,
        arg5: u64,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_snapspec(
        arg1: *mut zfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: zfs_iter_f,
        arg4: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_bookmarks(
        arg1: *mut zfs_handle_t,
        arg2: zfs_iter_f,
        arg3: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_children_v2(
        arg1: *mut zfs_handle_t,
        arg2: ::core::ffi::c_int,
        arg3: zfs_iter_f,
        arg4: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_dependents_v2(
        arg1: *mut zfs_handle_t,
        arg2: ::core::ffi::c_int,
        arg3: boolean_t,
        arg4: zfs_iter_f,
        arg5: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_filesystems_v2(
        arg1: *mut zfs_handle_t,
        arg2: ::core::ffi::c_int,
        arg3: zfs_iter_f,
        arg4: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_snapshots_v2(
        arg1: *mut zfs_handle_t,
        arg2: ::core::ffi::c_int,
        arg3: zfs_iter_f,
        arg4: *mut ::core::ffi::c_void,
        arg5: u64,
        arg6: u64,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_snapshots_sorted_v2(
        arg1: *mut zfs_handle_t,
        arg2: ::core::ffi::c_int,
        arg3: zfs_iter_f,
        arg4: *mut ::core::ffi::c_void,
        arg5: u64,
        arg6: u64,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_snapspec_v2(
        arg1: *mut zfs_handle_t,
        arg2: ::core::ffi::c_int,
        arg3: *const ::core::ffi::c_char,
        arg4: zfs_iter_f,
        arg5: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_bookmarks_v2(
        arg1: *mut zfs_handle_t,
        arg2: ::core::ffi::c_int,
        arg3: zfs_iter_f,
        arg4: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zfs_iter_mounted(
        arg1: *mut zfs_handle_t,
        arg2: zfs_iter_f,
        arg3: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zfs_foreach_mountpoint(
        arg1: *mut libzfs_handle_t,
        arg2: *mut *mut zfs_handle_t,
        arg3: usize,
        arg4: zfs_iter_f,
        arg5: *mut ::core::ffi::c_void,
        arg6: uint_t,
    );
    pub fn libzfs_add_handle(arg1: *mut get_all_cb_t, arg2: *mut zfs_handle_t);
    pub fn zfs_create(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: zfs_type_t,
        arg4: *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_create_ancestors(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zfs_destroy(arg1: *mut zfs_handle_t, arg2: boolean_t) -> ::core::ffi::c_int;
    pub fn zfs_destroy_snaps(
        arg1: *mut zfs_handle_t,
        arg2: *mut ::core::ffi::c_char,
        arg3: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_destroy_snaps_nvl(
        arg1: *mut libzfs_handle_t,
        arg2: *mut nvlist_t,
        arg3: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_destroy_snaps_nvl_os(
        arg1: *mut libzfs_handle_t,
        arg2: *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_clone(
        arg1: *mut zfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_snapshot(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: boolean_t,
        arg4: *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_snapshot_nvl(
        hdl: *mut libzfs_handle_t,
        snaps: *mut nvlist_t,
        props: *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_rollback(
        arg1: *mut zfs_handle_t,
        arg2: *mut zfs_handle_t,
        arg3: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_rename(
        arg1: *mut zfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: renameflags_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_send(
        arg1: *mut zfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *const ::core::ffi::c_char,
        arg4: *mut sendflags_t,
        arg5: ::core::ffi::c_int,
        arg6: snapfilter_cb_t,
        arg7: *mut ::core::ffi::c_void,
        arg8: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_send_one(
        arg1: *mut zfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
        arg4: *mut sendflags_t,
        arg5: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zfs_send_progress(
        arg1: *mut zfs_handle_t,
        arg2: ::core::ffi::c_int,
        arg3: *mut u64,
        arg4: *mut u64,
    ) -> ::core::ffi::c_int;
    pub fn zfs_send_resume(
        arg1: *mut libzfs_handle_t,
        arg2: *mut sendflags_t,
        outfd: ::core::ffi::c_int,
        arg3: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zfs_send_saved(
        arg1: *mut zfs_handle_t,
        arg2: *mut sendflags_t,
        arg3: ::core::ffi::c_int,
        arg4: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zfs_send_resume_token_to_nvlist(
        hdl: *mut libzfs_handle_t,
        token: *const ::core::ffi::c_char,
    ) -> *mut nvlist_t;
    pub fn zfs_promote(arg1: *mut zfs_handle_t) -> ::core::ffi::c_int;
    pub fn zfs_hold(
        arg1: *mut zfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *const ::core::ffi::c_char,
        arg4: boolean_t,
        arg5: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn zfs_hold_nvl(
        arg1: *mut zfs_handle_t,
        arg2: ::core::ffi::c_int,
        arg3: *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_release(
        arg1: *mut zfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *const ::core::ffi::c_char,
        arg4: boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_get_holds(arg1: *mut zfs_handle_t, arg2: *mut *mut nvlist_t) -> ::core::ffi::c_int;
    pub fn zvol_volsize_to_reservation(
        arg1: *mut zpool_handle_t,
        arg2: u64,
        arg3: *mut nvlist_t,
    ) -> u64;
    pub fn zfs_userspace(
        arg1: *mut zfs_handle_t,
        arg2: zfs_userquota_prop_t,
        arg3: zfs_userspace_cb_t,
        arg4: *mut ::core::ffi::c_void,
    ) -> ::core::ffi::c_int;
    pub fn zfs_get_fsacl(arg1: *mut zfs_handle_t, arg2: *mut *mut nvlist_t) -> ::core::ffi::c_int;
    pub fn zfs_set_fsacl(
        arg1: *mut zfs_handle_t,
        arg2: boolean_t,
        arg3: *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_receive(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut nvlist_t,
        arg4: *mut recvflags_t,
        arg5: ::core::ffi::c_int,
        arg6: *mut avl_tree_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_show_diffs(
        arg1: *mut zfs_handle_t,
        arg2: ::core::ffi::c_int,
        arg3: *const ::core::ffi::c_char,
        arg4: *const ::core::ffi::c_char,
        arg5: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn zfs_type_to_name(arg1: zfs_type_t) -> *const ::core::ffi::c_char;
    pub fn zfs_refresh_properties(arg1: *mut zfs_handle_t);
    pub fn zfs_name_valid(arg1: *const ::core::ffi::c_char, arg2: zfs_type_t)
    -> ::core::ffi::c_int;
    pub fn zfs_path_to_zhandle(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: zfs_type_t,
    ) -> *mut zfs_handle_t;
    pub fn zfs_parent_name(
        arg1: *mut zfs_handle_t,
        arg2: *mut ::core::ffi::c_char,
        arg3: usize,
    ) -> ::core::ffi::c_int;
    pub fn zfs_dataset_exists(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: zfs_type_t,
    ) -> boolean_t;
    pub fn zfs_spa_version(
        arg1: *mut zfs_handle_t,
        arg2: *mut ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn zfs_bookmark_exists(path: *const ::core::ffi::c_char) -> boolean_t;
    pub fn is_mounted(
        arg1: *mut libzfs_handle_t,
        special: *const ::core::ffi::c_char,
        arg2: *mut *mut ::core::ffi::c_char,
    ) -> boolean_t;
    pub fn zfs_is_mounted(
        arg1: *mut zfs_handle_t,
        arg2: *mut *mut ::core::ffi::c_char,
    ) -> boolean_t;
    pub fn zfs_mount(
        arg1: *mut zfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn zfs_mount_at(
        arg1: *mut zfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
        arg4: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zfs_unmount(
        arg1: *mut zfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn zfs_unmountall(arg1: *mut zfs_handle_t, arg2: ::core::ffi::c_int) -> ::core::ffi::c_int;
    pub fn zfs_mount_delegation_check() -> ::core::ffi::c_int;
    pub fn zfs_parse_mount_options(
        mntopts: *const ::core::ffi::c_char,
        mntflags: *mut ::core::ffi::c_ulong,
        zfsflags: *mut ::core::ffi::c_ulong,
        sloppy: ::core::ffi::c_int,
        badopt: *mut ::core::ffi::c_char,
        mtabopt: *mut ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zfs_adjust_mount_options(
        zhp: *mut zfs_handle_t,
        mntpoint: *const ::core::ffi::c_char,
        mntopts: *mut ::core::ffi::c_char,
        mtabopt: *mut ::core::ffi::c_char,
    );
    pub fn zfs_is_shared(
        zhp: *mut zfs_handle_t,
        where_: *mut *mut ::core::ffi::c_char,
        proto: *const sa_protocol,
    ) -> boolean_t;
    pub fn zfs_share(zhp: *mut zfs_handle_t, proto: *const sa_protocol) -> ::core::ffi::c_int;
    pub fn zfs_unshare(
        zhp: *mut zfs_handle_t,
        mountpoint: *const ::core::ffi::c_char,
        proto: *const sa_protocol,
    ) -> ::core::ffi::c_int;
    pub fn zfs_unshareall(zhp: *mut zfs_handle_t, proto: *const sa_protocol) -> ::core::ffi::c_int;
    pub fn zfs_commit_shares(proto: *const sa_protocol);
    pub fn zfs_truncate_shares(proto: *const sa_protocol);
    pub fn zfs_nicestrtonum(
        arg1: *mut libzfs_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut u64,
    ) -> ::core::ffi::c_int;
    pub fn libzfs_run_process(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut *mut ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn libzfs_run_process_get_stdout(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut *mut ::core::ffi::c_char,
        arg3: *mut *mut ::core::ffi::c_char,
        arg4: *mut *mut *mut ::core::ffi::c_char,
        arg5: *mut ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn libzfs_run_process_get_stdout_nopath(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut *mut ::core::ffi::c_char,
        arg3: *mut *mut ::core::ffi::c_char,
        arg4: *mut *mut *mut ::core::ffi::c_char,
        arg5: *mut ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn libzfs_free_str_array(arg1: *mut *mut ::core::ffi::c_char, arg2: ::core::ffi::c_int);
    pub fn libzfs_envvar_is_set(arg1: *const ::core::ffi::c_char) -> boolean_t;
    pub fn zfs_version_userland() -> *const ::core::ffi::c_char;
    pub fn zfs_version_kernel() -> *mut ::core::ffi::c_char;
    pub fn zfs_version_print() -> ::core::ffi::c_int;
    pub fn zfs_version_nvlist() -> *mut nvlist_t;
    pub fn zpool_in_use(
        arg1: *mut libzfs_handle_t,
        arg2: ::core::ffi::c_int,
        arg3: *mut pool_state_t,
        arg4: *mut *mut ::core::ffi::c_char,
        arg5: *mut boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_clear_label(arg1: ::core::ffi::c_int) -> ::core::ffi::c_int;
    pub fn zpool_set_bootenv(
        arg1: *mut zpool_handle_t,
        arg2: *const nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_get_bootenv(
        arg1: *mut zpool_handle_t,
        arg2: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn zfs_smb_acl_add(
        arg1: *mut libzfs_handle_t,
        arg2: *mut ::core::ffi::c_char,
        arg3: *mut ::core::ffi::c_char,
        arg4: *mut ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zfs_smb_acl_remove(
        arg1: *mut libzfs_handle_t,
        arg2: *mut ::core::ffi::c_char,
        arg3: *mut ::core::ffi::c_char,
        arg4: *mut ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zfs_smb_acl_purge(
        arg1: *mut libzfs_handle_t,
        arg2: *mut ::core::ffi::c_char,
        arg3: *mut ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zfs_smb_acl_rename(
        arg1: *mut libzfs_handle_t,
        arg2: *mut ::core::ffi::c_char,
        arg3: *mut ::core::ffi::c_char,
        arg4: *mut ::core::ffi::c_char,
        arg5: *mut ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn zpool_enable_datasets(
        arg1: *mut zpool_handle_t,
        arg2: *const ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
        arg4: uint_t,
    ) -> ::core::ffi::c_int;
    pub fn zpool_disable_datasets(arg1: *mut zpool_handle_t, arg2: boolean_t)
    -> ::core::ffi::c_int;
    pub fn zpool_disable_datasets_os(arg1: *mut zpool_handle_t, arg2: boolean_t);
    pub fn zpool_disable_volume_os(arg1: *const ::core::ffi::c_char);
    pub fn zpool_load_compat(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut boolean_t,
        arg3: *mut ::core::ffi::c_char,
        arg4: usize,
    ) -> zpool_compat_status_t;
    pub fn zfs_userns(
        zhp: *mut zfs_handle_t,
        nspath: *const ::core::ffi::c_char,
        attach: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
}
