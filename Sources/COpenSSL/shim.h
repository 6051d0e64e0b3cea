// OpenSSL 3, and its macros as functions, which Swift can call.
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline int weir_ssl_set_min_version(SSL_CTX *ctx, int version) {
  return (int)SSL_CTX_set_min_proto_version(ctx, version);
}

static inline void weir_ssl_set_mode(SSL_CTX *ctx, long mode) { SSL_CTX_set_mode(ctx, mode); }

static inline void weir_ssl_set_cache(SSL_CTX *ctx, long mode) {
  SSL_CTX_set_session_cache_mode(ctx, mode);
}

static inline int weir_ssl_set_groups(SSL_CTX *ctx, const char *groups) {
  return (int)SSL_CTX_set1_groups_list(ctx, groups);
}

static inline int weir_ssl_add_chain(SSL_CTX *ctx, X509 *certificate) {
  return (int)SSL_CTX_add1_chain_cert(ctx, certificate);
}

static inline int weir_ssl_set_server_name(SSL *ssl, const char *name) {
  return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline int weir_ssl_on_ticket(
    SSL_CTX *ctx,
    int (*callback)(SSL *, unsigned char *, unsigned char *, EVP_CIPHER_CTX *, EVP_MAC_CTX *, int)) {
  return (int)SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, callback);
}

static inline void weir_ssl_on_server_name(SSL_CTX *ctx, int (*callback)(SSL *, int *, void *)) {
  SSL_CTX_set_tlsext_servername_callback(ctx, callback);
}

static inline int weir_names_count(const GENERAL_NAMES *names) {
  return sk_GENERAL_NAME_num(names);
}

static inline const GENERAL_NAME *weir_name_at(const GENERAL_NAMES *names, int index) {
  return sk_GENERAL_NAME_value(names, index);
}

static inline STACK_OF(X509) *weir_chain_make(void) { return sk_X509_new_null(); }

static inline int weir_chain_push(STACK_OF(X509) *chain, X509 *certificate) {
  return sk_X509_push(chain, certificate);
}

// Frees the list, not the certificates in it.
static inline void weir_chain_free(STACK_OF(X509) *chain) { sk_X509_free(chain); }

static inline int weir_bio_flush_command(void) { return BIO_CTRL_FLUSH; }

static inline void weir_bio_wants_read(BIO *bio) {
  BIO_clear_retry_flags(bio);
  BIO_set_retry_read(bio);
}

static inline void weir_bio_wants_write(BIO *bio) {
  BIO_clear_retry_flags(bio);
  BIO_set_retry_write(bio);
}

static inline void weir_bio_wants_nothing(BIO *bio) { BIO_clear_retry_flags(bio); }

static inline int weir_is_pem_end(unsigned long code) {
  return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

static inline int weir_error_reason(unsigned long code) { return ERR_GET_REASON(code); }

static inline int weir_ticket_mac(EVP_MAC_CTX *mac, const unsigned char *key, size_t length) {
  OSSL_PARAM parameters[3];
  parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key, length);
  parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
  parameters[2] = OSSL_PARAM_construct_end();
  return EVP_MAC_CTX_set_params(mac, parameters);
}

static inline unsigned long weir_name_flags(void) { return XN_FLAG_RFC2253; }

// No renegotiation, no compression (CRIME), and the server's order of ciphers.
static inline void weir_ssl_harden(SSL_CTX *ctx) {
  SSL_CTX_set_options(
      ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
}
