#include <zlib.h>

// A macro in zlib.h, which Swift does not see: a deflate stream with gzip's frame (RFC 1952).
static inline int weir_gzip_begin(z_stream *stream, int level) {
  return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
