/* The boundary between Patchwright and a dialect from a shared library, ABI 1.0. docs/dialect-abi.md tells what it means. */
#ifndef PATCHWRIGHT_PLUGIN_H
#define PATCHWRIGHT_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define PW_MAGIC 0x5057504cu /* "PWPL" */
#define PW_ABI_MAJOR 1
#define PW_ABI_MINOR 0
#define PW_FLAG_UNWINDS 1u    /* a panic or exception is caught at the boundary; without it: isolated only */
#define PW_FLAG_CONCURRENT 2u /* several connections at once, each by one thread; and `cancel` beside them */
#define PW_CALL_ANSWERED 0
#define PW_CALL_BROKEN 1

typedef void (*pw_sink)(void *context, const uint8_t *data, size_t length);

typedef struct pw_host_v1 {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor;
  void *context;
  void (*log)(void *context, uint8_t level, const uint8_t *message, size_t length);
  int32_t (*call)(void *context, const uint8_t *request, size_t length, pw_sink sink, void *sink_context);
} pw_host_v1;

typedef struct pw_plugin_v1 {
  uint32_t magic, struct_size;
  uint16_t abi_major, abi_minor;
  uint32_t flags;
  const char *kind;
  size_t kind_length;
  const char *name;
  size_t name_length;
  const char *version;
  size_t version_length;
  int32_t (*open)(const pw_host_v1 *host, pw_sink sink, void *sink_context, void **instance);
  int32_t (*call)(void *instance, const uint8_t *request, size_t length, pw_sink sink, void *sink_context);
  void (*close)(void *instance);
} pw_plugin_v1;

/* What a library exports. */
extern const pw_plugin_v1 patchwright_plugin_v1;

#endif
