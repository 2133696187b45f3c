// Made from the headers of OpenZFS 2.1.11 by the example `bindings`; not to be edited.
pub type zfs_type_t = ::core::ffi::c_uint;
pub type dmu_objset_type = ::core::ffi::c_uint;
pub type zfs_prop_t = ::core::ffi::c_int;
pub type zfs_userquota_prop_t = ::core::ffi::c_uint;
pub type zpool_prop_t = ::core::ffi::c_int;
pub type zprop_source_t = ::core::ffi::c_uint;
pub type zprop_errflags_t = ::core::ffi::c_uint;
pub type zfs_deleg_who_type_t = ::core::ffi::c_uint;
pub type zfs_deleg_inherit_t = ::core::ffi::c_uint;
pub type zfs_canmount_type_t = ::core::ffi::c_uint;
pub type zfs_logbias_op_t = ::core::ffi::c_uint;
pub type zfs_smb_acl_op = ::core::ffi::c_uint;
pub type zfs_cache_type = ::core::ffi::c_uint;
pub type zfs_sync_type_t = ::core::ffi::c_uint;
pub type zfs_xattr_type_t = ::core::ffi::c_uint;
pub type zfs_dnsize_type_t = ::core::ffi::c_uint;
pub type zfs_redundant_metadata_type_t = ::core::ffi::c_uint;
pub type zfs_volmode_t = ::core::ffi::c_uint;
pub type zfs_keystatus = ::core::ffi::c_uint;
pub type zfs_keyformat = ::core::ffi::c_uint;
pub type zfs_key_location = ::core::ffi::c_uint;
pub type vdev_state = ::core::ffi::c_uint;
pub type vdev_aux = ::core::ffi::c_uint;
pub type pool_state = ::core::ffi::c_uint;
pub type pool_scan_func = ::core::ffi::c_uint;
pub type pool_scrub_cmd = ::core::ffi::c_uint;
pub type dsl_scan_state = ::core::ffi::c_uint;
pub type zpool_errata = ::core::ffi::c_uint;
pub type pool_initialize_func = ::core::ffi::c_uint;
pub type pool_trim_func = ::core::ffi::c_uint;
pub type vdev_initializing_state_t = ::core::ffi::c_uint;
pub type vdev_trim_state_t = ::core::ffi::c_uint;
pub type vdev_rebuild_state_t = ::core::ffi::c_uint;
pub type spa_load_state_t = ::core::ffi::c_uint;
pub type zpool_wait_activity_t = ::core::ffi::c_uint;
pub type zfs_wait_activity_t = ::core::ffi::c_uint;
pub type zio_encrypt = ::core::ffi::c_uint;
pub type lzc_dataset_type = ::core::ffi::c_uint;
pub type lzc_send_flags = ::core::ffi::c_uint;
pub const ZAP_MAXNAMELEN: u32 = 256;
pub const ZAP_MAXVALUELEN: u32 = 8192;
pub const ZAP_OLDMAXVALUELEN: u32 = 1024;
pub const ZFS_MAX_DATASET_NAME_LEN: u32 = 256;
pub const ZPROP_VALUE: &::core::ffi::CStr = c"value";
pub const ZPROP_SOURCE: &::core::ffi::CStr = c"source";
pub const ZPROP_SRC_ALL: u32 = 63;
pub const ZPROP_SOURCE_VAL_RECVD: &::core::ffi::CStr = c"$recvd";
pub const ZPROP_N_MORE_ERRORS: &::core::ffi::CStr = c"N_MORE_ERRORS";
pub const ZPROP_HAS_RECVD: &::core::ffi::CStr = c"$hasrecvd";
pub const ZPOOL_ROOTFS_PROPS: &::core::ffi::CStr = c"root-props-nvl";
pub const ZFS_DELEG_PERM_UID: &::core::ffi::CStr = c"uid";
pub const ZFS_DELEG_PERM_GID: &::core::ffi::CStr = c"gid";
pub const ZFS_DELEG_PERM_GROUPS: &::core::ffi::CStr = c"groups";
pub const DEFAULT_PBKDF2_ITERATIONS: u32 = 350000;
pub const MIN_PBKDF2_ITERATIONS: u32 = 100000;
pub const SPA_VERSION_1: u32 = 1;
pub const SPA_VERSION_2: u32 = 2;
pub const SPA_VERSION_3: u32 = 3;
pub const SPA_VERSION_4: u32 = 4;
pub const SPA_VERSION_5: u32 = 5;
pub const SPA_VERSION_6: u32 = 6;
pub const SPA_VERSION_7: u32 = 7;
pub const SPA_VERSION_8: u32 = 8;
pub const SPA_VERSION_9: u32 = 9;
pub const SPA_VERSION_10: u32 = 10;
pub const SPA_VERSION_11: u32 = 11;
pub const SPA_VERSION_12: u32 = 12;
pub const SPA_VERSION_13: u32 = 13;
pub const SPA_VERSION_14: u32 = 14;
pub const SPA_VERSION_15: u32 = 15;
pub const SPA_VERSION_16: u32 = 16;
pub const SPA_VERSION_17: u32 = 17;
pub const SPA_VERSION_18: u32 = 18;
pub const SPA_VERSION_19: u32 = 19;
pub const SPA_VERSION_20: u32 = 20;
pub const SPA_VERSION_21: u32 = 21;
pub const SPA_VERSION_22: u32 = 22;
pub const SPA_VERSION_23: u32 = 23;
pub const SPA_VERSION_24: u32 = 24;
pub const SPA_VERSION_25: u32 = 25;
pub const SPA_VERSION_26: u32 = 26;
pub const SPA_VERSION_27: u32 = 27;
pub const SPA_VERSION_28: u32 = 28;
pub const SPA_VERSION_5000: u32 = 5000;
pub const SPA_VERSION: u32 = 5000;
pub const ZPOOL_NO_REWIND: u32 = 1;
pub const ZPOOL_NEVER_REWIND: u32 = 2;
pub const ZPOOL_TRY_REWIND: u32 = 4;
pub const ZPOOL_DO_REWIND: u32 = 8;
pub const ZPOOL_REWIND_MASK: u32 = 28;
pub const ZPOOL_REWIND_POLICIES: u32 = 31;
pub const ZPOOL_CONFIG_VERSION: &::core::ffi::CStr = c"version";
pub const ZPOOL_CONFIG_POOL_NAME: &::core::ffi::CStr = c"name";
pub const ZPOOL_CONFIG_POOL_STATE: &::core::ffi::CStr = c"state";
pub const ZPOOL_CONFIG_POOL_TXG: &::core::ffi::CStr = c"txg";
pub const ZPOOL_CONFIG_POOL_GUID: &::core::ffi::CStr = c"pool_guid";
pub const ZPOOL_CONFIG_CREATE_TXG: &::core::ffi::CStr = c"create_txg";
pub const ZPOOL_CONFIG_TOP_GUID: &::core::ffi::CStr = c"top_guid";
pub const ZPOOL_CONFIG_VDEV_TREE: &::core::ffi::CStr = c"vdev_tree";
pub const ZPOOL_CONFIG_TYPE: &::core::ffi::CStr = c"type";
pub const ZPOOL_CONFIG_CHILDREN: &::core::ffi::CStr = c"children";
pub const ZPOOL_CONFIG_ID: &::core::ffi::CStr = c"id";
pub const ZPOOL_CONFIG_GUID: &::core::ffi::CStr = c"guid";
pub const ZPOOL_CONFIG_INDIRECT_OBJECT: &::core::ffi::CStr = c"com.delphix:indirect_object";
pub const ZPOOL_CONFIG_INDIRECT_BIRTHS: &::core::ffi::CStr = c"com.delphix:indirect_births";
pub const ZPOOL_CONFIG_PREV_INDIRECT_VDEV: &::core::ffi::CStr = c"com.delphix:prev_indirect_vdev";
pub const ZPOOL_CONFIG_PATH: &::core::ffi::CStr = c"path";
pub const ZPOOL_CONFIG_DEVID: &::core::ffi::CStr = c"devid";
pub const ZPOOL_CONFIG_SPARE_ID: &::core::ffi::CStr = c"spareid";
pub const ZPOOL_CONFIG_METASLAB_ARRAY: &::core::ffi::CStr = c"metaslab_array";
pub const ZPOOL_CONFIG_METASLAB_SHIFT: &::core::ffi::CStr = c"metaslab_shift";
pub const ZPOOL_CONFIG_ASHIFT: &::core::ffi::CStr = c"ashift";
pub const ZPOOL_CONFIG_ASIZE: &::core::ffi::CStr = c"asize";
pub const ZPOOL_CONFIG_DTL: &::core::ffi::CStr = c"DTL";
pub const ZPOOL_CONFIG_SCAN_STATS: &::core::ffi::CStr = c"scan_stats";
pub const ZPOOL_CONFIG_REMOVAL_STATS: &::core::ffi::CStr = c"removal_stats";
pub const ZPOOL_CONFIG_CHECKPOINT_STATS: &::core::ffi::CStr = c"checkpoint_stats";
pub const ZPOOL_CONFIG_VDEV_STATS: &::core::ffi::CStr = c"vdev_stats";
pub const ZPOOL_CONFIG_INDIRECT_SIZE: &::core::ffi::CStr = c"indirect_size";
pub const ZPOOL_CONFIG_VDEV_STATS_EX: &::core::ffi::CStr = c"vdev_stats_ex";
pub const ZPOOL_CONFIG_VDEV_SYNC_R_ACTIVE_QUEUE: &::core::ffi::CStr = c"vdev_sync_r_active_queue";
pub const ZPOOL_CONFIG_VDEV_SYNC_W_ACTIVE_QUEUE: &::core::ffi::CStr = c"vdev_sync_w_active_queue";
pub const ZPOOL_CONFIG_VDEV_ASYNC_R_ACTIVE_QUEUE: &::core::ffi::CStr = c"vdev_async_r_active_queue";
pub const ZPOOL_CONFIG_VDEV_ASYNC_W_ACTIVE_QUEUE: &::core::ffi::CStr = c"vdev_async_w_active_queue";
pub const ZPOOL_CONFIG_VDEV_SCRUB_ACTIVE_QUEUE: &::core::ffi::CStr =
    c"vdev_async_scrub_active_queue";
pub const ZPOOL_CONFIG_VDEV_TRIM_ACTIVE_QUEUE: &::core::ffi::CStr = c"vdev_async_trim_active_queue";
pub const ZPOOL_CONFIG_VDEV_SYNC_R_PEND_QUEUE: &::core::ffi::CStr = c"vdev_sync_r_pend_queue";
pub const ZPOOL_CONFIG_VDEV_SYNC_W_PEND_QUEUE: &::core::ffi::CStr = c"vdev_sync_w_pend_queue";
pub const ZPOOL_CONFIG_VDEV_ASYNC_R_PEND_QUEUE: &::core::ffi::CStr = c"vdev_async_r_pend_queue";
pub const ZPOOL_CONFIG_VDEV_ASYNC_W_PEND_QUEUE: &::core::ffi::CStr = c"vdev_async_w_pend_queue";
pub const ZPOOL_CONFIG_VDEV_SCRUB_PEND_QUEUE: &::core::ffi::CStr = c"vdev_async_scrub_pend_queue";
pub const ZPOOL_CONFIG_VDEV_TRIM_PEND_QUEUE: &::core::ffi::CStr = c"vdev_async_trim_pend_queue";
pub const ZPOOL_CONFIG_VDEV_TOT_R_LAT_HISTO: &::core::ffi::CStr = c"vdev_tot_r_lat_histo";
pub const ZPOOL_CONFIG_VDEV_TOT_W_LAT_HISTO: &::core::ffi::CStr = c"vdev_tot_w_lat_histo";
pub const ZPOOL_CONFIG_VDEV_DISK_R_LAT_HISTO: &::core::ffi::CStr = c"vdev_disk_r_lat_histo";
pub const ZPOOL_CONFIG_VDEV_DISK_W_LAT_HISTO: &::core::ffi::CStr = c"vdev_disk_w_lat_histo";
pub const ZPOOL_CONFIG_VDEV_SYNC_R_LAT_HISTO: &::core::ffi::CStr = c"vdev_sync_r_lat_histo";
pub const ZPOOL_CONFIG_VDEV_SYNC_W_LAT_HISTO: &::core::ffi::CStr = c"vdev_sync_w_lat_histo";
pub const ZPOOL_CONFIG_VDEV_ASYNC_R_LAT_HISTO: &::core::ffi::CStr = c"vdev_async_r_lat_histo";
pub const ZPOOL_CONFIG_VDEV_ASYNC_W_LAT_HISTO: &::core::ffi::CStr = c"vdev_async_w_lat_histo";
pub const ZPOOL_CONFIG_VDEV_SCRUB_LAT_HISTO: &::core::ffi::CStr = c"vdev_scrub_histo";
pub const ZPOOL_CONFIG_VDEV_TRIM_LAT_HISTO: &::core::ffi::CStr = c"vdev_trim_histo";
pub const ZPOOL_CONFIG_VDEV_SYNC_IND_R_HISTO: &::core::ffi::CStr = c"vdev_sync_ind_r_histo";
pub const ZPOOL_CONFIG_VDEV_SYNC_IND_W_HISTO: &::core::ffi::CStr = c"vdev_sync_ind_w_histo";
pub const ZPOOL_CONFIG_VDEV_ASYNC_IND_R_HISTO: &::core::ffi::CStr = c"vdev_async_ind_r_histo";
pub const ZPOOL_CONFIG_VDEV_ASYNC_IND_W_HISTO: &::core::ffi::CStr = c"vdev_async_ind_w_histo";
pub const ZPOOL_CONFIG_VDEV_IND_SCRUB_HISTO: &::core::ffi::CStr = c"vdev_ind_scrub_histo";
pub const ZPOOL_CONFIG_VDEV_IND_TRIM_HISTO: &::core::ffi::CStr = c"vdev_ind_trim_histo";
pub const ZPOOL_CONFIG_VDEV_SYNC_AGG_R_HISTO: &::core::ffi::CStr = c"vdev_sync_agg_r_histo";
pub const ZPOOL_CONFIG_VDEV_SYNC_AGG_W_HISTO: &::core::ffi::CStr = c"vdev_sync_agg_w_histo";
pub const ZPOOL_CONFIG_VDEV_ASYNC_AGG_R_HISTO: &::core::ffi::CStr = c"vdev_async_agg_r_histo";
pub const ZPOOL_CONFIG_VDEV_ASYNC_AGG_W_HISTO: &::core::ffi::CStr = c"vdev_async_agg_w_histo";
pub const ZPOOL_CONFIG_VDEV_AGG_SCRUB_HISTO: &::core::ffi::CStr = c"vdev_agg_scrub_histo";
pub const ZPOOL_CONFIG_VDEV_AGG_TRIM_HISTO: &::core::ffi::CStr = c"vdev_agg_trim_histo";
pub const ZPOOL_CONFIG_VDEV_SLOW_IOS: &::core::ffi::CStr = c"vdev_slow_ios";
pub const ZPOOL_CONFIG_VDEV_ENC_SYSFS_PATH: &::core::ffi::CStr = c"vdev_enc_sysfs_path";
pub const ZPOOL_CONFIG_WHOLE_DISK: &::core::ffi::CStr = c"whole_disk";
pub const ZPOOL_CONFIG_ERRCOUNT: &::core::ffi::CStr = c"error_count";
pub const ZPOOL_CONFIG_NOT_PRESENT: &::core::ffi::CStr = c"not_present";
pub const ZPOOL_CONFIG_SPARES: &::core::ffi::CStr = c"spares";
pub const ZPOOL_CONFIG_IS_SPARE: &::core::ffi::CStr = c"is_spare";
pub const ZPOOL_CONFIG_NPARITY: &::core::ffi::CStr = c"nparity";
pub const ZPOOL_CONFIG_HOSTID: &::core::ffi::CStr = c"hostid";
pub const ZPOOL_CONFIG_HOSTNAME: &::core::ffi::CStr = c"hostname";
pub const ZPOOL_CONFIG_LOADED_TIME: &::core::ffi::CStr = c"initial_load_time";
pub const ZPOOL_CONFIG_UNSPARE: &::core::ffi::CStr = c"unspare";
pub const ZPOOL_CONFIG_PHYS_PATH: &::core::ffi::CStr = c"phys_path";
pub const ZPOOL_CONFIG_IS_LOG: &::core::ffi::CStr = c"is_log";
pub const ZPOOL_CONFIG_L2CACHE: &::core::ffi::CStr = c"l2cache";
pub const ZPOOL_CONFIG_HOLE_ARRAY: &::core::ffi::CStr = c"hole_array";
pub const ZPOOL_CONFIG_VDEV_CHILDREN: &::core::ffi::CStr = c"vdev_children";
pub const ZPOOL_CONFIG_IS_HOLE: &::core::ffi::CStr = c"is_hole";
pub const ZPOOL_CONFIG_DDT_HISTOGRAM: &::core::ffi::CStr = c"ddt_histogram";
pub const ZPOOL_CONFIG_DDT_OBJ_STATS: &::core::ffi::CStr = c"ddt_object_stats";
pub const ZPOOL_CONFIG_DDT_STATS: &::core::ffi::CStr = c"ddt_stats";
pub const ZPOOL_CONFIG_SPLIT: &::core::ffi::CStr = c"splitcfg";
pub const ZPOOL_CONFIG_ORIG_GUID: &::core::ffi::CStr = c"orig_guid";
pub const ZPOOL_CONFIG_SPLIT_GUID: &::core::ffi::CStr = c"split_guid";
pub const ZPOOL_CONFIG_SPLIT_LIST: &::core::ffi::CStr = c"guid_list";
pub const ZPOOL_CONFIG_REMOVING: &::core::ffi::CStr = c"removing";
pub const ZPOOL_CONFIG_RESILVER_TXG: &::core::ffi::CStr = c"resilver_txg";
pub const ZPOOL_CONFIG_REBUILD_TXG: &::core::ffi::CStr = c"rebuild_txg";
pub const ZPOOL_CONFIG_COMMENT: &::core::ffi::CStr = c"comment";
pub const ZPOOL_CONFIG_SUSPENDED: &::core::ffi::CStr = c"suspended";
pub const ZPOOL_CONFIG_SUSPENDED_REASON: &::core::ffi::CStr = c"suspended_reason";
pub const ZPOOL_CONFIG_TIMESTAMP: &::core::ffi::CStr = c"timestamp";
pub const ZPOOL_CONFIG_BOOTFS: &::core::ffi::CStr = c"bootfs";
pub const ZPOOL_CONFIG_MISSING_DEVICES: &::core::ffi::CStr = c"missing_vdevs";
pub const ZPOOL_CONFIG_LOAD_INFO: &::core::ffi::CStr = c"load_info";
pub const ZPOOL_CONFIG_REWIND_INFO: &::core::ffi::CStr = c"rewind_info";
pub const ZPOOL_CONFIG_UNSUP_FEAT: &::core::ffi::CStr = c"unsup_feat";
pub const ZPOOL_CONFIG_ENABLED_FEAT: &::core::ffi::CStr = c"enabled_feat";
pub const ZPOOL_CONFIG_CAN_RDONLY: &::core::ffi::CStr = c"can_rdonly";
pub const ZPOOL_CONFIG_FEATURES_FOR_READ: &::core::ffi::CStr = c"features_for_read";
pub const ZPOOL_CONFIG_FEATURE_STATS: &::core::ffi::CStr = c"feature_stats";
pub const ZPOOL_CONFIG_ERRATA: &::core::ffi::CStr = c"errata";
pub const ZPOOL_CONFIG_VDEV_TOP_ZAP: &::core::ffi::CStr = c"com.delphix:vdev_zap_top";
pub const ZPOOL_CONFIG_VDEV_LEAF_ZAP: &::core::ffi::CStr = c"com.delphix:vdev_zap_leaf";
pub const ZPOOL_CONFIG_HAS_PER_VDEV_ZAPS: &::core::ffi::CStr = c"com.delphix:has_per_vdev_zaps";
pub const ZPOOL_CONFIG_RESILVER_DEFER: &::core::ffi::CStr = c"com.datto:resilver_defer";
pub const ZPOOL_CONFIG_CACHEFILE: &::core::ffi::CStr = c"cachefile";
pub const ZPOOL_CONFIG_MMP_STATE: &::core::ffi::CStr = c"mmp_state";
pub const ZPOOL_CONFIG_MMP_TXG: &::core::ffi::CStr = c"mmp_txg";
pub const ZPOOL_CONFIG_MMP_SEQ: &::core::ffi::CStr = c"mmp_seq";
pub const ZPOOL_CONFIG_MMP_HOSTNAME: &::core::ffi::CStr = c"mmp_hostname";
pub const ZPOOL_CONFIG_MMP_HOSTID: &::core::ffi::CStr = c"mmp_hostid";
pub const ZPOOL_CONFIG_ALLOCATION_BIAS: &::core::ffi::CStr = c"alloc_bias";
pub const ZPOOL_CONFIG_EXPANSION_TIME: &::core::ffi::CStr = c"expansion_time";
pub const ZPOOL_CONFIG_REBUILD_STATS: &::core::ffi::CStr = c"org.openzfs:rebuild_stats";
pub const ZPOOL_CONFIG_COMPATIBILITY: &::core::ffi::CStr = c"compatibility";
pub const ZPOOL_CONFIG_OFFLINE: &::core::ffi::CStr = c"offline";
pub const ZPOOL_CONFIG_FAULTED: &::core::ffi::CStr = c"faulted";
pub const ZPOOL_CONFIG_DEGRADED: &::core::ffi::CStr = c"degraded";
pub const ZPOOL_CONFIG_REMOVED: &::core::ffi::CStr = c"removed";
pub const ZPOOL_CONFIG_FRU: &::core::ffi::CStr = c"fru";
pub const ZPOOL_CONFIG_AUX_STATE: &::core::ffi::CStr = c"aux_state";
pub const ZPOOL_LOAD_POLICY: &::core::ffi::CStr = c"load-policy";
pub const ZPOOL_LOAD_REWIND_POLICY: &::core::ffi::CStr = c"load-rewind-policy";
pub const ZPOOL_LOAD_REQUEST_TXG: &::core::ffi::CStr = c"load-request-txg";
pub const ZPOOL_LOAD_META_THRESH: &::core::ffi::CStr = c"load-meta-thresh";
pub const ZPOOL_LOAD_DATA_THRESH: &::core::ffi::CStr = c"load-data-thresh";
pub const ZPOOL_CONFIG_LOAD_TIME: &::core::ffi::CStr = c"rewind_txg_ts";
pub const ZPOOL_CONFIG_LOAD_META_ERRORS: &::core::ffi::CStr = c"verify_meta_errors";
pub const ZPOOL_CONFIG_LOAD_DATA_ERRORS: &::core::ffi::CStr = c"verify_data_errors";
pub const ZPOOL_CONFIG_REWIND_TIME: &::core::ffi::CStr = c"seconds_of_rewind";
pub const ZPOOL_CONFIG_DRAID_NDATA: &::core::ffi::CStr = c"draid_ndata";
pub const ZPOOL_CONFIG_DRAID_NSPARES: &::core::ffi::CStr = c"draid_nspares";
pub const ZPOOL_CONFIG_DRAID_NGROUPS: &::core::ffi::CStr = c"draid_ngroups";
pub const ZVOL_DRIVER: &::core::ffi::CStr = c"zvol";
pub const ZFS_DRIVER: &::core::ffi::CStr = c"zfs";
pub const ZFS_DEV: &::core::ffi::CStr = c"/dev/zfs";
pub const ZFS_SUPER_MAGIC: u32 = 801189825;
pub const ZVOL_DIR: &::core::ffi::CStr = c"/dev/zvol/";
pub const ZVOL_DEV_NAME: &::core::ffi::CStr = c"zd";
pub const ZVOL_PROP_NAME: &::core::ffi::CStr = c"name";
pub const SNAP_ITER_MIN_TXG: &::core::ffi::CStr = c"snap_iter_min_txg";
pub const SNAP_ITER_MAX_TXG: &::core::ffi::CStr = c"snap_iter_max_txg";
pub const ZPOOL_ERR_LIST: &::core::ffi::CStr = c"error list";
pub const ZPOOL_ERR_DATASET: &::core::ffi::CStr = c"dataset";
pub const ZPOOL_ERR_OBJECT: &::core::ffi::CStr = c"object";
pub const HIS_MAX_RECORD_LEN: u32 = 8193;
pub const ZPOOL_HIST_RECORD: &::core::ffi::CStr = c"history record";
pub const ZPOOL_HIST_TIME: &::core::ffi::CStr = c"history time";
pub const ZPOOL_HIST_CMD: &::core::ffi::CStr = c"history command";
pub const ZPOOL_HIST_WHO: &::core::ffi::CStr = c"history who";
pub const ZPOOL_HIST_ZONE: &::core::ffi::CStr = c"history zone";
pub const ZPOOL_HIST_HOST: &::core::ffi::CStr = c"history hostname";
pub const ZPOOL_HIST_TXG: &::core::ffi::CStr = c"history txg";
pub const ZPOOL_HIST_INT_EVENT: &::core::ffi::CStr = c"history internal event";
pub const ZPOOL_HIST_INT_STR: &::core::ffi::CStr = c"history internal str";
pub const ZPOOL_HIST_INT_NAME: &::core::ffi::CStr = c"internal_name";
pub const ZPOOL_HIST_IOCTL: &::core::ffi::CStr = c"ioctl";
pub const ZPOOL_HIST_INPUT_NVL: &::core::ffi::CStr = c"in_nvl";
pub const ZPOOL_HIST_OUTPUT_NVL: &::core::ffi::CStr = c"out_nvl";
pub const ZPOOL_HIST_OUTPUT_SIZE: &::core::ffi::CStr = c"out_size";
pub const ZPOOL_HIST_DSNAME: &::core::ffi::CStr = c"dsname";
pub const ZPOOL_HIST_DSID: &::core::ffi::CStr = c"dsid";
pub const ZPOOL_HIST_ERRNO: &::core::ffi::CStr = c"errno";
pub const ZPOOL_HIST_ELAPSED_NS: &::core::ffi::CStr = c"elapsed_ns";
pub const ZPOOL_HIDDEN_ARGS: &::core::ffi::CStr = c"hidden_args";
pub const ZPOOL_INITIALIZE_COMMAND: &::core::ffi::CStr = c"initialize_command";
pub const ZPOOL_INITIALIZE_VDEVS: &::core::ffi::CStr = c"initialize_vdevs";
pub const ZPOOL_TRIM_COMMAND: &::core::ffi::CStr = c"trim_command";
pub const ZPOOL_TRIM_VDEVS: &::core::ffi::CStr = c"trim_vdevs";
pub const ZPOOL_TRIM_RATE: &::core::ffi::CStr = c"trim_rate";
pub const ZPOOL_TRIM_SECURE: &::core::ffi::CStr = c"trim_secure";
pub const ZPOOL_WAIT_ACTIVITY: &::core::ffi::CStr = c"wait_activity";
pub const ZPOOL_WAIT_TAG: &::core::ffi::CStr = c"wait_tag";
pub const ZPOOL_WAIT_WAITED: &::core::ffi::CStr = c"wait_waited";
pub const ZFS_WAIT_ACTIVITY: &::core::ffi::CStr = c"wait_activity";
pub const ZFS_WAIT_WAITED: &::core::ffi::CStr = c"wait_waited";
pub const ZFS_ONLINE_CHECKREMOVE: u32 = 1;
pub const ZFS_ONLINE_UNSPARE: u32 = 2;
pub const ZFS_ONLINE_FORCEFAULT: u32 = 4;
pub const ZFS_ONLINE_EXPAND: u32 = 8;
pub const ZFS_ONLINE_SPARE: u32 = 16;
pub const ZFS_OFFLINE_TEMPORARY: u32 = 1;
pub const ZFS_IMPORT_NORMAL: u32 = 0;
pub const ZFS_IMPORT_VERBATIM: u32 = 1;
pub const ZFS_IMPORT_ANY_HOST: u32 = 2;
pub const ZFS_IMPORT_MISSING_LOG: u32 = 4;
pub const ZFS_IMPORT_ONLY: u32 = 8;
pub const ZFS_IMPORT_TEMP_NAME: u32 = 16;
pub const ZFS_IMPORT_SKIP_MMP: u32 = 32;
pub const ZFS_IMPORT_LOAD_KEYS: u32 = 64;
pub const ZFS_IMPORT_CHECKPOINT: u32 = 128;
pub const ZCP_ARG_PROGRAM: &::core::ffi::CStr = c"program";
pub const ZCP_ARG_ARGLIST: &::core::ffi::CStr = c"arg";
pub const ZCP_ARG_SYNC: &::core::ffi::CStr = c"sync";
pub const ZCP_ARG_INSTRLIMIT: &::core::ffi::CStr = c"instrlimit";
pub const ZCP_ARG_MEMLIMIT: &::core::ffi::CStr = c"memlimit";
pub const ZCP_ARG_CLIARGV: &::core::ffi::CStr = c"argv";
pub const ZCP_RET_ERROR: &::core::ffi::CStr = c"error";
pub const ZCP_RET_RETURN: &::core::ffi::CStr = c"return";
pub const ZCP_DEFAULT_INSTRLIMIT: u32 = 10000000;
pub const ZCP_MAX_INSTRLIMIT: u32 = 100000000;
pub const ZCP_DEFAULT_MEMLIMIT: u32 = 10485760;
pub const ZCP_MAX_MEMLIMIT: u32 = 104857600;
pub const ZFS_EV_POOL_NAME: &::core::ffi::CStr = c"pool_name";
pub const ZFS_EV_POOL_GUID: &::core::ffi::CStr = c"pool_guid";
pub const ZFS_EV_VDEV_PATH: &::core::ffi::CStr = c"vdev_path";
pub const ZFS_EV_VDEV_GUID: &::core::ffi::CStr = c"vdev_guid";
pub const ZFS_EV_HIST_TIME: &::core::ffi::CStr = c"history_time";
pub const ZFS_EV_HIST_CMD: &::core::ffi::CStr = c"history_command";
pub const ZFS_EV_HIST_WHO: &::core::ffi::CStr = c"history_who";
pub const ZFS_EV_HIST_ZONE: &::core::ffi::CStr = c"history_zone";
pub const ZFS_EV_HIST_HOST: &::core::ffi::CStr = c"history_hostname";
pub const ZFS_EV_HIST_TXG: &::core::ffi::CStr = c"history_txg";
pub const ZFS_EV_HIST_INT_EVENT: &::core::ffi::CStr = c"history_internal_event";
pub const ZFS_EV_HIST_INT_STR: &::core::ffi::CStr = c"history_internal_str";
pub const ZFS_EV_HIST_INT_NAME: &::core::ffi::CStr = c"history_internal_name";
pub const ZFS_EV_HIST_IOCTL: &::core::ffi::CStr = c"history_ioctl";
pub const ZFS_EV_HIST_DSNAME: &::core::ffi::CStr = c"history_dsname";
pub const ZFS_EV_HIST_DSID: &::core::ffi::CStr = c"history_dsid";
pub const ZFS_EV_RESILVER_TYPE: &::core::ffi::CStr = c"resilver_type";
pub const SPA_MINBLOCKSHIFT: u32 = 9;
pub const SPA_OLD_MAXBLOCKSHIFT: u32 = 17;
pub const SPA_MAXBLOCKSHIFT: u32 = 24;
pub const SPA_MINBLOCKSIZE: u32 = 512;
pub const SPA_OLD_MAXBLOCKSIZE: u32 = 131072;
pub const SPA_MAXBLOCKSIZE: u32 = 16777216;
pub const ZFS_TYPE_FILESYSTEM: zfs_type_t = 1;
pub const ZFS_TYPE_SNAPSHOT: zfs_type_t = 2;
pub const ZFS_TYPE_VOLUME: zfs_type_t = 4;
pub const ZFS_TYPE_POOL: zfs_type_t = 8;
pub const ZFS_TYPE_BOOKMARK: zfs_type_t = 16;
pub const DMU_OST_NONE: dmu_objset_type = 0;
pub const DMU_OST_META: dmu_objset_type = 1;
pub const DMU_OST_ZFS: dmu_objset_type = 2;
pub const DMU_OST_ZVOL: dmu_objset_type = 3;
pub const DMU_OST_OTHER: dmu_objset_type = 4;
pub const DMU_OST_ANY: dmu_objset_type = 5;
pub const ZPROP_CONT: zfs_prop_t = -2;
pub const ZPROP_INVAL: zfs_prop_t = -1;
pub const ZFS_PROP_TYPE: zfs_prop_t = 0;
pub const ZFS_PROP_CREATION: zfs_prop_t = 1;
pub const ZFS_PROP_USED: zfs_prop_t = 2;
pub const ZFS_PROP_AVAILABLE: zfs_prop_t = 3;
pub const ZFS_PROP_REFERENCED: zfs_prop_t = 4;
pub const ZFS_PROP_COMPRESSRATIO: zfs_prop_t = 5;
pub const ZFS_PROP_MOUNTED: zfs_prop_t = 6;
pub const ZFS_PROP_ORIGIN: zfs_prop_t = 7;
pub const ZFS_PROP_QUOTA: zfs_prop_t = 8;
pub const ZFS_PROP_RESERVATION: zfs_prop_t = 9;
pub const ZFS_PROP_VOLSIZE: zfs_prop_t = 10;
pub const ZFS_PROP_VOLBLOCKSIZE: zfs_prop_t = 11;
pub const ZFS_PROP_RECORDSIZE: zfs_prop_t = 12;
pub const ZFS_PROP_MOUNTPOINT: zfs_prop_t = 13;
pub const ZFS_PROP_SHARENFS: zfs_prop_t = 14;
pub const ZFS_PROP_CHECKSUM: zfs_prop_t = 15;
pub const ZFS_PROP_COMPRESSION: zfs_prop_t = 16;
pub const ZFS_PROP_ATIME: zfs_prop_t = 17;
pub const ZFS_PROP_DEVICES: zfs_prop_t = 18;
pub const ZFS_PROP_EXEC: zfs_prop_t = 19;
pub const ZFS_PROP_SETUID: zfs_prop_t = 20;
pub const ZFS_PROP_READONLY: zfs_prop_t = 21;
pub const ZFS_PROP_ZONED: zfs_prop_t = 22;
pub const ZFS_PROP_SNAPDIR: zfs_prop_t = 23;
pub const ZFS_PROP_ACLMODE: zfs_prop_t = 24;
pub const ZFS_PROP_ACLINHERIT: zfs_prop_t = 25;
pub const ZFS_PROP_CREATETXG: zfs_prop_t = 26;
pub const ZFS_PROP_NAME: zfs_prop_t = 27;
pub const ZFS_PROP_CANMOUNT: zfs_prop_t = 28;
pub const ZFS_PROP_ISCSIOPTIONS: zfs_prop_t = 29;
pub const ZFS_PROP_XATTR: zfs_prop_t = 30;
pub const ZFS_PROP_NUMCLONES: zfs_prop_t = 31;
pub const ZFS_PROP_COPIES: zfs_prop_t = 32;
pub const ZFS_PROP_VERSION: zfs_prop_t = 33;
pub const ZFS_PROP_UTF8ONLY: zfs_prop_t = 34;
pub const ZFS_PROP_NORMALIZE: zfs_prop_t = 35;
pub const ZFS_PROP_CASE: zfs_prop_t = 36;
pub const ZFS_PROP_VSCAN: zfs_prop_t = 37;
pub const ZFS_PROP_NBMAND: zfs_prop_t = 38;
pub const ZFS_PROP_SHARESMB: zfs_prop_t = 39;
pub const ZFS_PROP_REFQUOTA: zfs_prop_t = 40;
pub const ZFS_PROP_REFRESERVATION: zfs_prop_t = 41;
pub const ZFS_PROP_GUID: zfs_prop_t = 42;
pub const ZFS_PROP_PRIMARYCACHE: zfs_prop_t = 43;
pub const ZFS_PROP_SECONDARYCACHE: zfs_prop_t = 44;
pub const ZFS_PROP_USEDSNAP: zfs_prop_t = 45;
pub const ZFS_PROP_USEDDS: zfs_prop_t = 46;
pub const ZFS_PROP_USEDCHILD: zfs_prop_t = 47;
pub const ZFS_PROP_USEDREFRESERV: zfs_prop_t = 48;
pub const ZFS_PROP_USERACCOUNTING: zfs_prop_t = 49;
pub const ZFS_PROP_STMF_SHAREINFO: zfs_prop_t = 50;
pub const ZFS_PROP_DEFER_DESTROY: zfs_prop_t = 51;
pub const ZFS_PROP_USERREFS: zfs_prop_t = 52;
pub const ZFS_PROP_LOGBIAS: zfs_prop_t = 53;
pub const ZFS_PROP_UNIQUE: zfs_prop_t = 54;
pub const ZFS_PROP_OBJSETID: zfs_prop_t = 55;
pub const ZFS_PROP_DEDUP: zfs_prop_t = 56;
pub const ZFS_PROP_MLSLABEL: zfs_prop_t = 57;
pub const ZFS_PROP_SYNC: zfs_prop_t = 58;
pub const ZFS_PROP_DNODESIZE: zfs_prop_t = 59;
pub const ZFS_PROP_REFRATIO: zfs_prop_t = 60;
pub const ZFS_PROP_WRITTEN: zfs_prop_t = 61;
pub const ZFS_PROP_CLONES: zfs_prop_t = 62;
pub const ZFS_PROP_LOGICALUSED: zfs_prop_t = 63;
pub const ZFS_PROP_LOGICALREFERENCED: zfs_prop_t = 64;
pub const ZFS_PROP_INCONSISTENT: zfs_prop_t = 65;
pub const ZFS_PROP_VOLMODE: zfs_prop_t = 66;
pub const ZFS_PROP_FILESYSTEM_LIMIT: zfs_prop_t = 67;
pub const ZFS_PROP_SNAPSHOT_LIMIT: zfs_prop_t = 68;
pub const ZFS_PROP_FILESYSTEM_COUNT: zfs_prop_t = 69;
pub const ZFS_PROP_SNAPSHOT_COUNT: zfs_prop_t = 70;
pub const ZFS_PROP_SNAPDEV: zfs_prop_t = 71;
pub const ZFS_PROP_ACLTYPE: zfs_prop_t = 72;
pub const ZFS_PROP_SELINUX_CONTEXT: zfs_prop_t = 73;
pub const ZFS_PROP_SELINUX_FSCONTEXT: zfs_prop_t = 74;
pub const ZFS_PROP_SELINUX_DEFCONTEXT: zfs_prop_t = 75;
pub const ZFS_PROP_SELINUX_ROOTCONTEXT: zfs_prop_t = 76;
pub const ZFS_PROP_RELATIME: zfs_prop_t = 77;
pub const ZFS_PROP_REDUNDANT_METADATA: zfs_prop_t = 78;
pub const ZFS_PROP_OVERLAY: zfs_prop_t = 79;
pub const ZFS_PROP_PREV_SNAP: zfs_prop_t = 80;
pub const ZFS_PROP_RECEIVE_RESUME_TOKEN: zfs_prop_t = 81;
pub const ZFS_PROP_ENCRYPTION: zfs_prop_t = 82;
pub const ZFS_PROP_KEYLOCATION: zfs_prop_t = 83;
pub const ZFS_PROP_KEYFORMAT: zfs_prop_t = 84;
pub const ZFS_PROP_PBKDF2_SALT: zfs_prop_t = 85;
pub const ZFS_PROP_PBKDF2_ITERS: zfs_prop_t = 86;
pub const ZFS_PROP_ENCRYPTION_ROOT: zfs_prop_t = 87;
pub const ZFS_PROP_KEY_GUID: zfs_prop_t = 88;
pub const ZFS_PROP_KEYSTATUS: zfs_prop_t = 89;
pub const ZFS_PROP_REMAPTXG: zfs_prop_t = 90;
pub const ZFS_PROP_SPECIAL_SMALL_BLOCKS: zfs_prop_t = 91;
pub const ZFS_PROP_IVSET_GUID: zfs_prop_t = 92;
pub const ZFS_PROP_REDACTED: zfs_prop_t = 93;
pub const ZFS_PROP_REDACT_SNAPS: zfs_prop_t = 94;
pub const ZFS_PROP_USERUSED: zfs_userquota_prop_t = 0;
pub const ZFS_PROP_USERQUOTA: zfs_userquota_prop_t = 1;
pub const ZFS_PROP_GROUPUSED: zfs_userquota_prop_t = 2;
pub const ZFS_PROP_GROUPQUOTA: zfs_userquota_prop_t = 3;
pub const ZFS_PROP_USEROBJUSED: zfs_userquota_prop_t = 4;
pub const ZFS_PROP_USEROBJQUOTA: zfs_userquota_prop_t = 5;
pub const ZFS_PROP_GROUPOBJUSED: zfs_userquota_prop_t = 6;
pub const ZFS_PROP_GROUPOBJQUOTA: zfs_userquota_prop_t = 7;
pub const ZFS_PROP_PROJECTUSED: zfs_userquota_prop_t = 8;
pub const ZFS_PROP_PROJECTQUOTA: zfs_userquota_prop_t = 9;
pub const ZFS_PROP_PROJECTOBJUSED: zfs_userquota_prop_t = 10;
pub const ZFS_PROP_PROJECTOBJQUOTA: zfs_userquota_prop_t = 11;
pub const ZPOOL_PROP_INVAL: zpool_prop_t = -1;
pub const ZPOOL_PROP_NAME: zpool_prop_t = 0;
pub const ZPOOL_PROP_SIZE: zpool_prop_t = 1;
pub const ZPOOL_PROP_CAPACITY: zpool_prop_t = 2;
pub const ZPOOL_PROP_ALTROOT: zpool_prop_t = 3;
pub const ZPOOL_PROP_HEALTH: zpool_prop_t = 4;
pub const ZPOOL_PROP_GUID: zpool_prop_t = 5;
pub const ZPOOL_PROP_VERSION: zpool_prop_t = 6;
pub const ZPOOL_PROP_BOOTFS: zpool_prop_t = 7;
pub const ZPOOL_PROP_DELEGATION: zpool_prop_t = 8;
pub const ZPOOL_PROP_AUTOREPLACE: zpool_prop_t = 9;
pub const ZPOOL_PROP_CACHEFILE: zpool_prop_t = 10;
pub const ZPOOL_PROP_FAILUREMODE: zpool_prop_t = 11;
pub const ZPOOL_PROP_LISTSNAPS: zpool_prop_t = 12;
pub const ZPOOL_PROP_AUTOEXPAND: zpool_prop_t = 13;
pub const ZPOOL_PROP_DEDUPDITTO: zpool_prop_t = 14;
pub const ZPOOL_PROP_DEDUPRATIO: zpool_prop_t = 15;
pub const ZPOOL_PROP_FREE: zpool_prop_t = 16;
pub const ZPOOL_PROP_ALLOCATED: zpool_prop_t = 17;
pub const ZPOOL_PROP_READONLY: zpool_prop_t = 18;
pub const ZPOOL_PROP_ASHIFT: zpool_prop_t = 19;
pub const ZPOOL_PROP_COMMENT: zpool_prop_t = 20;
pub const ZPOOL_PROP_EXPANDSZ: zpool_prop_t = 21;
pub const ZPOOL_PROP_FREEING: zpool_prop_t = 22;
pub const ZPOOL_PROP_FRAGMENTATION: zpool_prop_t = 23;
pub const ZPOOL_PROP_LEAKED: zpool_prop_t = 24;
pub const ZPOOL_PROP_MAXBLOCKSIZE: zpool_prop_t = 25;
pub const ZPOOL_PROP_TNAME: zpool_prop_t = 26;
pub const ZPOOL_PROP_MAXDNODESIZE: zpool_prop_t = 27;
pub const ZPOOL_PROP_MULTIHOST: zpool_prop_t = 28;
pub const ZPOOL_PROP_CHECKPOINT: zpool_prop_t = 29;
pub const ZPOOL_PROP_LOAD_GUID: zpool_prop_t = 30;
pub const ZPOOL_PROP_AUTOTRIM: zpool_prop_t = 31;
pub const ZPOOL_PROP_COMPATIBILITY: zpool_prop_t = 32;
pub const ZPROP_SRC_NONE: zprop_source_t = 1;
pub const ZPROP_SRC_DEFAULT: zprop_source_t = 2;
pub const ZPROP_SRC_TEMPORARY: zprop_source_t = 4;
pub const ZPROP_SRC_LOCAL: zprop_source_t = 8;
pub const ZPROP_SRC_INHERITED: zprop_source_t = 16;
pub const ZPROP_SRC_RECEIVED: zprop_source_t = 32;
pub const ZPROP_ERR_NOCLEAR: zprop_errflags_t = 1;
pub const ZPROP_ERR_NORESTORE: zprop_errflags_t = 2;
pub const ZFS_DELEG_WHO_UNKNOWN: zfs_deleg_who_type_t = 0;
pub const ZFS_DELEG_USER: zfs_deleg_who_type_t = 117;
pub const ZFS_DELEG_USER_SETS: zfs_deleg_who_type_t = 85;
pub const ZFS_DELEG_GROUP: zfs_deleg_who_type_t = 103;
pub const ZFS_DELEG_GROUP_SETS: zfs_deleg_who_type_t = 71;
pub const ZFS_DELEG_EVERYONE: zfs_deleg_who_type_t = 101;
pub const ZFS_DELEG_EVERYONE_SETS: zfs_deleg_who_type_t = 69;
pub const ZFS_DELEG_CREATE: zfs_deleg_who_type_t = 99;
pub const ZFS_DELEG_CREATE_SETS: zfs_deleg_who_type_t = 67;
pub const ZFS_DELEG_NAMED_SET: zfs_deleg_who_type_t = 115;
pub const ZFS_DELEG_NAMED_SET_SETS: zfs_deleg_who_type_t = 83;
pub const ZFS_DELEG_NONE: zfs_deleg_inherit_t = 0;
pub const ZFS_DELEG_PERM_LOCAL: zfs_deleg_inherit_t = 1;
pub const ZFS_DELEG_PERM_DESCENDENT: zfs_deleg_inherit_t = 2;
pub const ZFS_DELEG_PERM_LOCALDESCENDENT: zfs_deleg_inherit_t = 3;
pub const ZFS_DELEG_PERM_CREATE: zfs_deleg_inherit_t = 4;
pub const ZFS_CANMOUNT_OFF: zfs_canmount_type_t = 0;
pub const ZFS_CANMOUNT_ON: zfs_canmount_type_t = 1;
pub const ZFS_CANMOUNT_NOAUTO: zfs_canmount_type_t = 2;
pub const ZFS_LOGBIAS_LATENCY: zfs_logbias_op_t = 0;
pub const ZFS_LOGBIAS_THROUGHPUT: zfs_logbias_op_t = 1;
pub const ZFS_SMB_ACL_ADD: zfs_smb_acl_op = 0;
pub const ZFS_SMB_ACL_REMOVE: zfs_smb_acl_op = 1;
pub const ZFS_SMB_ACL_RENAME: zfs_smb_acl_op = 2;
pub const ZFS_SMB_ACL_PURGE: zfs_smb_acl_op = 3;
pub const ZFS_CACHE_NONE: zfs_cache_type = 0;
pub const ZFS_CACHE_METADATA: zfs_cache_type = 1;
pub const ZFS_CACHE_ALL: zfs_cache_type = 2;
pub const ZFS_SYNC_STANDARD: zfs_sync_type_t = 0;
pub const ZFS_SYNC_ALWAYS: zfs_sync_type_t = 1;
pub const ZFS_SYNC_DISABLED: zfs_sync_type_t = 2;
pub const ZFS_XATTR_OFF: zfs_xattr_type_t = 0;
pub const ZFS_XATTR_DIR: zfs_xattr_type_t = 1;
pub const ZFS_XATTR_SA: zfs_xattr_type_t = 2;
pub const ZFS_DNSIZE_LEGACY: zfs_dnsize_type_t = 0;
pub const ZFS_DNSIZE_AUTO: zfs_dnsize_type_t = 1;
pub const ZFS_DNSIZE_1K: zfs_dnsize_type_t = 1024;
pub const ZFS_DNSIZE_2K: zfs_dnsize_type_t = 2048;
pub const ZFS_DNSIZE_4K: zfs_dnsize_type_t = 4096;
pub const ZFS_DNSIZE_8K: zfs_dnsize_type_t = 8192;
pub const ZFS_DNSIZE_16K: zfs_dnsize_type_t = 16384;
pub const ZFS_REDUNDANT_METADATA_ALL: zfs_redundant_metadata_type_t = 0;
pub const ZFS_REDUNDANT_METADATA_MOST: zfs_redundant_metadata_type_t = 1;
pub const ZFS_REDUNDANT_METADATA_SOME: zfs_redundant_metadata_type_t = 2;
pub const ZFS_REDUNDANT_METADATA_NONE: zfs_redundant_metadata_type_t = 3;
pub const ZFS_VOLMODE_DEFAULT: zfs_volmode_t = 0;
pub const ZFS_VOLMODE_GEOM: zfs_volmode_t = 1;
pub const ZFS_VOLMODE_DEV: zfs_volmode_t = 2;
pub const ZFS_VOLMODE_NONE: zfs_volmode_t = 3;
pub const ZFS_KEYSTATUS_NONE: zfs_keystatus = 0;
pub const ZFS_KEYSTATUS_UNAVAILABLE: zfs_keystatus = 1;
pub const ZFS_KEYSTATUS_AVAILABLE: zfs_keystatus = 2;
pub const ZFS_KEYFORMAT_NONE: zfs_keyformat = 0;
pub const ZFS_KEYFORMAT_RAW: zfs_keyformat = 1;
pub const ZFS_KEYFORMAT_HEX: zfs_keyformat = 2;
pub const ZFS_KEYFORMAT_PASSPHRASE: zfs_keyformat = 3;
pub const ZFS_KEYLOCATION_NONE: zfs_key_location = 0;
pub const ZFS_KEYLOCATION_PROMPT: zfs_key_location = 1;
pub const ZFS_KEYLOCATION_URI: zfs_key_location = 2;
pub const VDEV_STATE_UNKNOWN: vdev_state = 0;
pub const VDEV_STATE_CLOSED: vdev_state = 1;
pub const VDEV_STATE_OFFLINE: vdev_state = 2;
pub const VDEV_STATE_REMOVED: vdev_state = 3;
pub const VDEV_STATE_CANT_OPEN: vdev_state = 4;
pub const VDEV_STATE_FAULTED: vdev_state = 5;
pub const VDEV_STATE_DEGRADED: vdev_state = 6;
pub const VDEV_STATE_HEALTHY: vdev_state = 7;
pub const VDEV_AUX_NONE: vdev_aux = 0;
pub const VDEV_AUX_OPEN_FAILED: vdev_aux = 1;
pub const VDEV_AUX_CORRUPT_DATA: vdev_aux = 2;
pub const VDEV_AUX_NO_REPLICAS: vdev_aux = 3;
pub const VDEV_AUX_BAD_GUID_SUM: vdev_aux = 4;
pub const VDEV_AUX_TOO_SMALL: vdev_aux = 5;
pub const VDEV_AUX_BAD_LABEL: vdev_aux = 6;
pub const VDEV_AUX_VERSION_NEWER: vdev_aux = 7;
pub const VDEV_AUX_VERSION_OLDER: vdev_aux = 8;
pub const VDEV_AUX_UNSUP_FEAT: vdev_aux = 9;
pub const VDEV_AUX_SPARED: vdev_aux = 10;
pub const VDEV_AUX_ERR_EXCEEDED: vdev_aux = 11;
pub const VDEV_AUX_IO_FAILURE: vdev_aux = 12;
pub const VDEV_AUX_BAD_LOG: vdev_aux = 13;
pub const VDEV_AUX_EXTERNAL: vdev_aux = 14;
pub const VDEV_AUX_SPLIT_POOL: vdev_aux = 15;
pub const VDEV_AUX_BAD_ASHIFT: vdev_aux = 16;
pub const VDEV_AUX_EXTERNAL_PERSIST: vdev_aux = 17;
pub const VDEV_AUX_ACTIVE: vdev_aux = 18;
pub const VDEV_AUX_CHILDREN_OFFLINE: vdev_aux = 19;
pub const VDEV_AUX_ASHIFT_TOO_BIG: vdev_aux = 20;
pub const POOL_STATE_ACTIVE: pool_state = 0;
pub const POOL_STATE_EXPORTED: pool_state = 1;
pub const POOL_STATE_DESTROYED: pool_state = 2;
pub const POOL_STATE_SPARE: pool_state = 3;
pub const POOL_STATE_L2CACHE: pool_state = 4;
pub const POOL_STATE_UNINITIALIZED: pool_state = 5;
pub const POOL_STATE_UNAVAIL: pool_state = 6;
pub const POOL_STATE_POTENTIALLY_ACTIVE: pool_state = 7;
pub const POOL_SCAN_NONE: pool_scan_func = 0;
pub const POOL_SCAN_SCRUB: pool_scan_func = 1;
pub const POOL_SCAN_RESILVER: pool_scan_func = 2;
pub const POOL_SCRUB_NORMAL: pool_scrub_cmd = 0;
pub const POOL_SCRUB_PAUSE: pool_scrub_cmd = 1;
pub const DSS_NONE: dsl_scan_state = 0;
pub const DSS_SCANNING: dsl_scan_state = 1;
pub const DSS_FINISHED: dsl_scan_state = 2;
pub const DSS_CANCELED: dsl_scan_state = 3;
pub const ZPOOL_ERRATA_NONE: zpool_errata = 0;
pub const ZPOOL_ERRATA_ZOL_2094_SCRUB: zpool_errata = 1;
pub const ZPOOL_ERRATA_ZOL_2094_ASYNC_DESTROY: zpool_errata = 2;
pub const ZPOOL_ERRATA_ZOL_6845_ENCRYPTION: zpool_errata = 3;
pub const ZPOOL_ERRATA_ZOL_8308_ENCRYPTION: zpool_errata = 4;
pub const POOL_INITIALIZE_START: pool_initialize_func = 0;
pub const POOL_INITIALIZE_CANCEL: pool_initialize_func = 1;
pub const POOL_INITIALIZE_SUSPEND: pool_initialize_func = 2;
pub const POOL_TRIM_START: pool_trim_func = 0;
pub const POOL_TRIM_CANCEL: pool_trim_func = 1;
pub const POOL_TRIM_SUSPEND: pool_trim_func = 2;
pub const VDEV_INITIALIZE_NONE: vdev_initializing_state_t = 0;
pub const VDEV_INITIALIZE_ACTIVE: vdev_initializing_state_t = 1;
pub const VDEV_INITIALIZE_CANCELED: vdev_initializing_state_t = 2;
pub const VDEV_INITIALIZE_SUSPENDED: vdev_initializing_state_t = 3;
pub const VDEV_INITIALIZE_COMPLETE: vdev_initializing_state_t = 4;
pub const VDEV_TRIM_NONE: vdev_trim_state_t = 0;
pub const VDEV_TRIM_ACTIVE: vdev_trim_state_t = 1;
pub const VDEV_TRIM_CANCELED: vdev_trim_state_t = 2;
pub const VDEV_TRIM_SUSPENDED: vdev_trim_state_t = 3;
pub const VDEV_TRIM_COMPLETE: vdev_trim_state_t = 4;
pub const VDEV_REBUILD_NONE: vdev_rebuild_state_t = 0;
pub const VDEV_REBUILD_ACTIVE: vdev_rebuild_state_t = 1;
pub const VDEV_REBUILD_CANCELED: vdev_rebuild_state_t = 2;
pub const VDEV_REBUILD_COMPLETE: vdev_rebuild_state_t = 3;
pub const SPA_LOAD_NONE: spa_load_state_t = 0;
pub const SPA_LOAD_OPEN: spa_load_state_t = 1;
pub const SPA_LOAD_IMPORT: spa_load_state_t = 2;
pub const SPA_LOAD_TRYIMPORT: spa_load_state_t = 3;
pub const SPA_LOAD_RECOVER: spa_load_state_t = 4;
pub const SPA_LOAD_ERROR: spa_load_state_t = 5;
pub const SPA_LOAD_CREATE: spa_load_state_t = 6;
pub const ZPOOL_WAIT_CKPT_DISCARD: zpool_wait_activity_t = 0;
pub const ZPOOL_WAIT_FREE: zpool_wait_activity_t = 1;
pub const ZPOOL_WAIT_INITIALIZE: zpool_wait_activity_t = 2;
pub const ZPOOL_WAIT_REPLACE: zpool_wait_activity_t = 3;
pub const ZPOOL_WAIT_REMOVE: zpool_wait_activity_t = 4;
pub const ZPOOL_WAIT_RESILVER: zpool_wait_activity_t = 5;
pub const ZPOOL_WAIT_SCRUB: zpool_wait_activity_t = 6;
pub const ZPOOL_WAIT_TRIM: zpool_wait_activity_t = 7;
pub const ZFS_WAIT_DELETEQ: zfs_wait_activity_t = 0;
pub const ZIO_CRYPT_INHERIT: zio_encrypt = 0;
pub const ZIO_CRYPT_ON: zio_encrypt = 1;
pub const ZIO_CRYPT_OFF: zio_encrypt = 2;
pub const ZIO_CRYPT_AES_128_CCM: zio_encrypt = 3;
pub const ZIO_CRYPT_AES_192_CCM: zio_encrypt = 4;
pub const ZIO_CRYPT_AES_256_CCM: zio_encrypt = 5;
pub const ZIO_CRYPT_AES_128_GCM: zio_encrypt = 6;
pub const ZIO_CRYPT_AES_192_GCM: zio_encrypt = 7;
pub const ZIO_CRYPT_AES_256_GCM: zio_encrypt = 8;
pub const LZC_DATSET_TYPE_ZFS: lzc_dataset_type = 2;
pub const LZC_DATSET_TYPE_ZVOL: lzc_dataset_type = 3;
pub const LZC_SEND_FLAG_EMBED_DATA: lzc_send_flags = 1;
pub const LZC_SEND_FLAG_LARGE_BLOCK: lzc_send_flags = 2;
pub const LZC_SEND_FLAG_COMPRESS: lzc_send_flags = 4;
pub const LZC_SEND_FLAG_RAW: lzc_send_flags = 8;
pub const LZC_SEND_FLAG_SAVED: lzc_send_flags = 16;
pub use self::dmu_objset_type as dmu_objset_type_t;
pub use self::dsl_scan_state as dsl_scan_state_t;
pub use self::pool_initialize_func as pool_initialize_func_t;
pub use self::pool_scan_func as pool_scan_func_t;
pub use self::pool_scrub_cmd as pool_scrub_cmd_t;
pub use self::pool_state as pool_state_t;
pub use self::pool_trim_func as pool_trim_func_t;
pub use self::vdev_aux as vdev_aux_t;
pub use self::vdev_state as vdev_state_t;
pub use self::zfs_cache_type as zfs_cache_type_t;
pub use self::zfs_key_location as zfs_keylocation_t;
pub use self::zfs_keyformat as zfs_keyformat_t;
pub use self::zfs_keystatus as zfs_keystatus_t;
pub use self::zfs_smb_acl_op as zfs_smb_acl_op_t;
pub use self::zpool_errata as zpool_errata_t;
unsafe extern "C" {
    pub fn libzfs_core_init() -> ::core::ffi::c_int;
    pub fn libzfs_core_fini();
    pub fn lzc_snapshot(
        arg1: *mut nvlist_t,
        arg2: *mut nvlist_t,
        arg3: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_create(
        arg1: *const ::core::ffi::c_char,
        arg2: lzc_dataset_type,
        arg3: *mut nvlist_t,
        arg4: *mut u8,
        arg5: uint_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_clone(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_promote(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn lzc_destroy_snaps(
        arg1: *mut nvlist_t,
        arg2: boolean_t,
        arg3: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_bookmark(arg1: *mut nvlist_t, arg2: *mut *mut nvlist_t) -> ::core::ffi::c_int;
    pub fn lzc_get_bookmarks(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut nvlist_t,
        arg3: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_get_bookmark_props(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_destroy_bookmarks(
        arg1: *mut nvlist_t,
        arg2: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_load_key(
        arg1: *const ::core::ffi::c_char,
        arg2: boolean_t,
        arg3: *mut u8,
        arg4: uint_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_unload_key(arg1: *const ::core::ffi::c_char) -> ::core::ffi::c_int;
    pub fn lzc_change_key(
        arg1: *const ::core::ffi::c_char,
        arg2: u64,
        arg3: *mut nvlist_t,
        arg4: *mut u8,
        arg5: uint_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_initialize(
        arg1: *const ::core::ffi::c_char,
        arg2: pool_initialize_func_t,
        arg3: *mut nvlist_t,
        arg4: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_trim(
        arg1: *const ::core::ffi::c_char,
        arg2: pool_trim_func_t,
        arg3: u64,
        arg4: boolean_t,
        arg5: *mut nvlist_t,
        arg6: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_redact(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_snaprange_space(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut u64,
    ) -> ::core::ffi::c_int;
    pub fn lzc_hold(
        arg1: *mut nvlist_t,
        arg2: ::core::ffi::c_int,
        arg3: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_release(arg1: *mut nvlist_t, arg2: *mut *mut nvlist_t) -> ::core::ffi::c_int;
    pub fn lzc_get_holds(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_send(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
        arg4: lzc_send_flags,
    ) -> ::core::ffi::c_int;
    pub fn lzc_send_resume(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
        arg4: lzc_send_flags,
        arg5: u64,
        arg6: u64,
    ) -> ::core::ffi::c_int;
    pub fn lzc_send_space(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
        arg3: lzc_send_flags,
        arg4: *mut u64,
    ) -> ::core::ffi::c_int;
    pub fn lzc_send_redacted(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
        arg4: lzc_send_flags,
        arg5: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn lzc_send_resume_redacted(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
        arg4: lzc_send_flags,
        arg5: u64,
        arg6: u64,
        arg7: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn lzc_receive(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut nvlist_t,
        arg3: *const ::core::ffi::c_char,
        arg4: boolean_t,
        arg5: boolean_t,
        arg6: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn lzc_receive_resumable(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut nvlist_t,
        arg3: *const ::core::ffi::c_char,
        arg4: boolean_t,
        arg5: boolean_t,
        arg6: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn lzc_receive_with_header(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut nvlist_t,
        arg3: *const ::core::ffi::c_char,
        arg4: boolean_t,
        arg5: boolean_t,
        arg6: boolean_t,
        arg7: ::core::ffi::c_int,
        arg8: *const dmu_replay_record,
    ) -> ::core::ffi::c_int;
    pub fn lzc_receive_one(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut nvlist_t,
        arg3: *const ::core::ffi::c_char,
        arg4: boolean_t,
        arg5: boolean_t,
        arg6: boolean_t,
        arg7: ::core::ffi::c_int,
        arg8: *const dmu_replay_record,
        arg9: ::core::ffi::c_int,
        arg10: *mut u64,
        arg11: *mut u64,
        arg12: *mut u64,
        arg13: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_receive_with_cmdprops(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut nvlist_t,
        arg3: *mut nvlist_t,
        arg4: *mut u8,
        arg5: uint_t,
        arg6: *const ::core::ffi::c_char,
        arg7: boolean_t,
        arg8: boolean_t,
        arg9: boolean_t,
        arg10: ::core::ffi::c_int,
        arg11: *const dmu_replay_record,
        arg12: ::core::ffi::c_int,
        arg13: *mut u64,
        arg14: *mut u64,
        arg15: *mut u64,
        arg16: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_send_space_resume_redacted(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
        arg3: lzc_send_flags,
        arg4: u64,
        arg5: u64,
        arg6: u64,
        arg7: *const ::core::ffi::c_char,
        arg8: ::core::ffi::c_int,
        arg9: *mut u64,
    ) -> ::core::ffi::c_int;
    pub fn lzc_exists(arg1: *const ::core::ffi::c_char) -> boolean_t;
    pub fn lzc_rollback(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut ::core::ffi::c_char,
        arg3: ::core::ffi::c_int,
    ) -> ::core::ffi::c_int;
    pub fn lzc_rollback_to(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn lzc_rename(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
    ) -> ::core::ffi::c_int;
    pub fn lzc_destroy(arg1: *const ::core::ffi::c_char) -> ::core::ffi::c_int;
    pub fn lzc_channel_program(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
        arg3: u64,
        arg4: u64,
        arg5: *mut nvlist_t,
        arg6: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_channel_program_nosync(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
        arg3: u64,
        arg4: u64,
        arg5: *mut nvlist_t,
        arg6: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_sync(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut nvlist_t,
        arg3: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_reopen(arg1: *const ::core::ffi::c_char, arg2: boolean_t) -> ::core::ffi::c_int;
    pub fn lzc_pool_checkpoint(arg1: *const ::core::ffi::c_char) -> ::core::ffi::c_int;
    pub fn lzc_pool_checkpoint_discard(arg1: *const ::core::ffi::c_char) -> ::core::ffi::c_int;
    pub fn lzc_wait(
        arg1: *const ::core::ffi::c_char,
        arg2: zpool_wait_activity_t,
        arg3: *mut boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_wait_tag(
        arg1: *const ::core::ffi::c_char,
        arg2: zpool_wait_activity_t,
        arg3: u64,
        arg4: *mut boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_wait_fs(
        arg1: *const ::core::ffi::c_char,
        arg2: zfs_wait_activity_t,
        arg3: *mut boolean_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_set_bootenv(
        arg1: *const ::core::ffi::c_char,
        arg2: *const nvlist_t,
    ) -> ::core::ffi::c_int;
    pub fn lzc_get_bootenv(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut *mut nvlist_t,
    ) -> ::core::ffi::c_int;
}
