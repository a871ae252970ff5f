// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What runs stages in the place of threads, one at a time, for tests that must be repeatable.
public protocol StageScheduler: AnyObject {
  /// Begins to run a stage, now or later.
  ///
  /// - Returns: whether it has ended.
  func start(_ stage: @escaping @Sendable () -> Void) -> @Sendable () -> Bool
  /// Lets other stages run, until there is what the calling one waits for.
  func wait(until isReady: () -> Bool)
}

/// The scheduler of the calling thread's stages; mostly none, so that they are threads.
public enum StageSchedulers {
  private static let key = {
    var key = pthread_key_t()
    precondition(pthread_key_create(&key, nil) == 0)
    return key
  }()

  private final class Box {
    let scheduler: any StageScheduler
    init(_ scheduler: any StageScheduler) { self.scheduler = scheduler }
  }

  public static var current: (any StageScheduler)? {
    pthread_getspecific(key).map { Unmanaged<Box>.fromOpaque($0).takeUnretainedValue().scheduler }
  }

  /// Calls `body` on this thread with a scheduler.
  public static func with<R>(_ scheduler: any StageScheduler, _ body: () throws -> R) rethrows -> R {
    let box = Box(scheduler)
    pthread_setspecific(key, Unmanaged.passUnretained(box).toOpaque())
    defer { pthread_setspecific(key, nil) }
    return try withExtendedLifetime(box, body)
  }
}
