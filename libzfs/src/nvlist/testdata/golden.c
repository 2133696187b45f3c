/*
 * Writes the encoded lists that the unit tests compare with, as "NAME ENCODING HEX" lines.
 *
 *   cc golden.c $(pkg-config --cflags --libs libzfs_core) -lnvpair -o golden && ./golden > golden.txt
 *
 * The output is the same with OpenZFS 2.1.11, 2.3.9 and 2.4.4 on a little-endian machine.
 */
#include <libnvpair.h>
#include <stdio.h>
#include <stdlib.h>

static void show(const char *name, nvlist_t *list) {
    for (int encoding = NV_ENCODE_NATIVE; encoding <= NV_ENCODE_XDR; encoding++) {
        char *bytes = NULL;
        size_t len = 0;
        if (nvlist_pack(list, &bytes, &len, encoding, 0) != 0) {
            exit(1);
        }
        printf("%s %s ", name, encoding == NV_ENCODE_NATIVE ? "native" : "xdr");
        for (size_t at = 0; at < len; at++) {
            printf("%02x", (unsigned char)bytes[at]);
        }
        printf("\n");
        free(bytes);
    }
}

static nvlist_t *list(unsigned flags) {
    nvlist_t *list;
    if (nvlist_alloc(&list, flags, 0) != 0) {
        exit(1);
    }
    return list;
}

int main(void) {
    show("empty", list(NV_UNIQUE_NAME));

    nvlist_t *l = list(0);
    nvlist_add_string(l, "t", "a");
    nvlist_add_string(l, "t", "b");
    show("duplicates", l);

    l = list(NV_UNIQUE_NAME_TYPE);
    nvlist_add_string(l, "t", "a");
    nvlist_add_uint64(l, "t", 1);
    show("types", l);

    l = list(NV_UNIQUE_NAME);
    nvlist_add_boolean(l, "boolean");
    nvlist_add_boolean_value(l, "true", B_TRUE);
    nvlist_add_boolean_value(l, "false", B_FALSE);
    nvlist_add_byte(l, "byte", 0x7e);
    nvlist_add_int8(l, "int8", 2);
    nvlist_add_uint8(l, "uint8", 0x7d);
    nvlist_add_int16(l, "int16", 3);
    nvlist_add_uint16(l, "uint16", 0xfffc);
    nvlist_add_int32(l, "int32", -5);
    nvlist_add_uint32(l, "uint32", 0xfffffffau);
    nvlist_add_int64(l, "int64", -7);
    nvlist_add_uint64(l, "uint64", 0x0123456789abcdefULL);
    nvlist_add_string(l, "string", "hello");
    nvlist_add_string(l, "empty string", "");
    nvlist_add_string(l, "seven", "1234567");
    nvlist_add_hrtime(l, "hrtime", 1234567890123LL);
    nvlist_add_double(l, "double", -1.5);
    nvlist_add_uint64(l, "", 1);
    show("scalars", l);

    l = list(NV_UNIQUE_NAME);
    uchar_t bytes[] = {1, 2, 3};
    int8_t i8[] = {1, 2, 3};
    uint8_t u8[] = {100, 2, 3, 4, 5, 6, 7, 8, 9};
    int16_t i16[] = {1, 2, 3};
    uint16_t u16[] = {65535, 2};
    int32_t i32[] = {-1, 2, -3};
    uint32_t u32[] = {0xffffffffu};
    int64_t i64[] = {-1, 2};
    uint64_t u64[] = {1, 2, 3};
    boolean_t bools[] = {B_TRUE, B_FALSE, B_TRUE};
    const char *strings[] = {"a", "", "long string"};
    nvlist_add_byte_array(l, "byte array", bytes, 3);
    nvlist_add_int8_array(l, "int8 array", i8, 3);
    nvlist_add_uint8_array(l, "uint8 array", u8, 9);
    nvlist_add_int16_array(l, "int16 array", i16, 3);
    nvlist_add_uint16_array(l, "uint16 array", u16, 2);
    nvlist_add_int32_array(l, "int32 array", i32, 3);
    nvlist_add_uint32_array(l, "uint32 array", u32, 1);
    nvlist_add_int64_array(l, "int64 array", i64, 2);
    nvlist_add_uint64_array(l, "uint64 array", u64, 3);
    nvlist_add_boolean_array(l, "boolean array", bools, 3);
    nvlist_add_string_array(l, "string array", (void *)strings, 3);
    show("arrays", l);

    nvlist_t *inner = list(NV_UNIQUE_NAME);
    nvlist_add_uint64(inner, "x", 7);
    nvlist_t *middle = list(NV_UNIQUE_NAME);
    nvlist_add_nvlist(middle, "deep", inner);
    nvlist_add_boolean(middle, "flag");
    nvlist_t *lists[] = {inner, list(NV_UNIQUE_NAME_TYPE), middle};
    l = list(NV_UNIQUE_NAME);
    nvlist_add_nvlist(l, "list", middle);
    nvlist_add_nvlist_array(l, "lists", (void *)lists, 3);
    nvlist_add_string(l, "after", "the lists");
    show("nested", l);

    l = list(NV_UNIQUE_NAME);
    nvlist_add_uint64_array(l, "numbers", u64, 0);
    nvlist_add_string_array(l, "strings", (void *)strings, 0);
    nvlist_add_nvlist_array(l, "lists", (void *)lists, 0);
    nvlist_add_byte_array(l, "bytes", bytes, 0);
    nvlist_add_boolean_array(l, "bools", bools, 0);
    show("nothing", l);

    i8[0] = -2;
    u8[0] = 253;
    i16[0] = -3;
    bytes[0] = 254;
    l = list(NV_UNIQUE_NAME);
    nvlist_add_byte(l, "byte", 0xfe);
    nvlist_add_int8(l, "int8", -2);
    nvlist_add_uint8(l, "uint8", 0xfd);
    nvlist_add_int16(l, "int16", -3);
    nvlist_add_byte_array(l, "byte array", bytes, 3);
    nvlist_add_int8_array(l, "int8 array", i8, 3);
    nvlist_add_uint8_array(l, "uint8 array", u8, 9);
    nvlist_add_int16_array(l, "int16 array", i16, 3);
    show("signs", l);
    return 0;
}
