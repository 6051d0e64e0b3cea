#if WEIR_THREAD_SANITIZER
  import Glibc

  /// The `Lock` of builds under the thread sanitizer, which does not see into
  /// `Synchronization.Mutex` but understands a pthread mutex.
  @safe package final class Lock<Value>: @unchecked Sendable {
    // SAFETY: `value` is reached only inside `withLock`, which holds the mutex; the mutex is
    // allocated once so that its address never changes.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    package init(_ value: sending Value) {
      unsafe mutex = .allocate(capacity: 1)
      unsafe mutex.initialize(to: pthread_mutex_t())
      unsafe pthread_mutex_init(mutex, nil)
      self.value = value
    }

    deinit {
      unsafe pthread_mutex_destroy(mutex)
      unsafe mutex.deallocate()
    }

    package func withLock<Result, Failure: Error>(
      _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
      unsafe pthread_mutex_lock(mutex)
      defer { unsafe pthread_mutex_unlock(mutex) }
      return try body(&value)
    }
  }
#else
  import Synchronization

  /// Guards a value that several threads share; for rare use, off the request path.
  ///
  /// Not recursive. Cost: an uncontended atomic exchange each way. Builds with
  /// `-D WEIR_THREAD_SANITIZER` take the pthread variant above.
  @usableFromInline package final class Lock<Value>: @unchecked Sendable {
    // SAFETY: `value` is reached only inside `withLock`, which holds the mutex.
    @usableFromInline let mutex = Mutex<Void>(())
    @usableFromInline var value: Value

    package init(_ value: sending Value) {
      self.value = value
    }

    @inlinable package func withLock<Result, Failure: Error>(
      _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
      mutex._unsafeLock()
      defer { mutex._unsafeUnlock() }
      return try body(&value)
    }
  }
#endif
