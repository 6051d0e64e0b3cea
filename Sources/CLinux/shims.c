#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <link.h>
#include <linux/filter.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int weir_accept(int listener, struct sockaddr_storage *storage, socklen_t *length) {
  *length = sizeof(*storage);
  return accept4(listener, (struct sockaddr *)storage, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

ssize_t weir_receive(int descriptor, void *space, size_t count) {
  while (1) {
    long got = syscall(SYS_recvfrom, descriptor, space, count, 0, NULL, NULL);
    if (got >= 0) return got;
    if (errno != EINTR) return -errno;
  }
}

ssize_t weir_send(int descriptor, const void *bytes, size_t count) {
  while (1) {
    long sent = syscall(SYS_sendto, descriptor, bytes, count, MSG_NOSIGNAL, NULL, 0);
    if (sent >= 0) return sent;
    if (errno != EINTR) return -errno;
  }
}

int weir_epoll_wait(int poller, struct epoll_event *events, int most, int milliseconds) {
  long count = syscall(SYS_epoll_pwait, poller, events, most, milliseconds, NULL, 8);
  return count >= 0 ? (int)count : -errno;
}

int weir_socket(int family) {
  return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int weir_unix_address(const uint8_t *path, size_t count, struct sockaddr_un *address,
                      socklen_t *length) {
  if (count == 0 || count >= sizeof(address->sun_path)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memset(address, 0, sizeof(*address));
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, path, count);
  if (path[0] == '@') {
    address->sun_path[0] = 0;
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count);
  } else {
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count + 1);
  }
  return 0;
}

void weir_refuse_handshakes(int listener) {
  // The filter sees a packet from its TCP header on (socket(7), SO_ATTACH_FILTER); the flags are its
  // byte 13 (RFC 9293 §3.1), of which SYN is 0x02 and ACK 0x10. 0 bytes are kept of what is dropped.
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
  };
  struct sock_fprog filter = {.len = sizeof(program) / sizeof(program[0]), .filter = program};
  // Without it, or on a Unix-domain socket, a client that comes at the last moment may be reset.
  (void)setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
}

int64_t weir_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  }
  return (int64_t)limit.rlim_cur;
}

int weir_allowed_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return -1;
  return CPU_COUNT(&set);
}

static int forget_pages(struct dl_phdr_info *info, size_t size, void *unused) {
  (void)size;
  (void)unused;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (int number = 0; number < info->dlpi_phnum; number++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[number];
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0) continue;
    uintptr_t start = info->dlpi_addr + segment->p_vaddr;
    uintptr_t end = (start + segment->p_memsz + page - 1) & ~(page - 1);
    start &= ~(page - 1);
    // They were never written, so the file has them all; a failure leaves them where they are.
    (void)madvise((void *)start, end - start, MADV_DONTNEED);
  }
  // The first object is the program; its libraries are shared with others.
  return 1;
}

void weir_forget_program_pages(void) { (void)dl_iterate_phdr(forget_pages, NULL); }

void weir_name_thread(const char *name) {
  char kept[16] = {0};
  strncpy(kept, name, sizeof(kept) - 1);
  pthread_setname_np(pthread_self(), kept);
}
