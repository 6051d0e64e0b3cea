#ifndef WEIR_CLINUX_H
#define WEIR_CLINUX_H

// What glibc has and Swift's Glibc module does not show, and the few calls whose structures are
// simpler to fill in C. Nothing here decides anything.

#include <netinet/in.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/// EPOLLET as an unsigned value: the header's enumerator does not fit Swift's import.
static inline uint32_t weir_epoll_edge(void) { return (uint32_t)EPOLLET; }
static inline uint32_t weir_epoll_exclusive(void) { return (uint32_t)EPOLLEXCLUSIVE; }

/// accept4 with non-blocking and close-on-exec set; the peer's address is written to `storage`.
int weir_accept(int listener, struct sockaddr_storage *storage, socklen_t *length);

/// recv(2), send(2) with MSG_NOSIGNAL and epoll_wait(2), EINTR of the first two retried; a negative
/// errno on failure. Past the C library's wrappers, which are cancellation points: in a process of
/// several threads each costs two atomic operations, and nobody cancels a thread here.
ssize_t weir_receive(int descriptor, void *space, size_t count);
ssize_t weir_send(int descriptor, const void *bytes, size_t count);
int weir_epoll_wait(int poller, struct epoll_event *events, int most, int milliseconds);

/// A non-blocking, close-on-exec stream socket; -1 and errno as socket(2).
int weir_socket(int family);

/// The `sun_path` of an address, and its length, for a Unix-domain name ("@" begins an abstract one).
int weir_unix_address(const uint8_t *path, size_t count, struct sockaddr_un *address,
                      socklen_t *length);

/// Drops the packets that would begin a handshake with a listening TCP socket, and no others.
void weir_refuse_handshakes(int listener);

/// RLIMIT_NOFILE's soft limit raised to the hard one; the value in force, or -1.
int64_t weir_raise_descriptor_limit(void);

/// Processors that this process may run on; -1 where there are more than a cpu_set_t holds.
int weir_allowed_processors(void);

/// Unmaps what is read of the program's own file, its code and constants, until it is read again.
void weir_forget_program_pages(void);

/// Names the calling thread; 15 bytes of `name` are kept.
void weir_name_thread(const char *name);

#endif
