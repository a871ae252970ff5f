// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Bytes
public import Cryptography
internal import Files

/// The rows of one frame while it is filled.
///
/// Passed between stages and reused; content beyond ``spillBytes`` goes to the spool, so that a frame of huge rows
/// takes disk and not memory.
// One stage owns it at a time; queues hand it over.
public final class FrameContent: @unchecked Sendable {
  public static let spillBytes = 16 << 20

  /// What is not spilled.
  var content = ByteBuffer(capacity: 5 << 20)
  private(set) var spilled: SpoolFile?
  private(set) var spilledBytes = 0
  private var tree = MerkleTree()
  public private(set) var firstCreatedAt = Timestamp.distantFuture
  public private(set) var lastCreatedAt = Timestamp.distantPast
  private var lastStart = 0
  private let spool: Spool?

  /// - Parameter spool: nil for content that nobody will read.
  public init(spool: Spool?) { self.spool = spool }

  public var rows: Int { tree.count }
  public var merkleRoot: Digest { tree.root }
  public var contentBytes: Int { spilledBytes + content.count }

  /// Adds a row's line, without its newline, which is added here.
  @safe
  public func append(line: UnsafeRawBufferPointer, leaf: Digest, createdAt: Timestamp) throws(Failure) {
    if content.count > Self.spillBytes { try spill() }
    lastStart = content.count
    unsafe content.append(line)
    content.append(0x0a)
    tree.append(leaf)
    let time = createdAt.inDocumentYears
    if time < firstCreatedAt { firstCreatedAt = time }
    if time > lastCreatedAt { lastCreatedAt = time }
  }

  /// The line that was added last, without its newline.
  public var lastLine: [UInt8] { unsafe [UInt8](content.unsafeBytes(lastStart..<content.count - 1)) }

  private func spill() throws(Failure) {
    do throws(FileError) {
      if spilled == nil { spilled = try spool?.makeFile() }
      try spilled?.file.write(content)
    } catch { throw Failure.file(error) }
    spilledBytes += content.count
    content.clear()
    content.shrink(to: Self.spillBytes + (1 << 20))
  }

  public func removeAll() {
    content.clear()
    content.shrink(to: Self.spillBytes + (1 << 20))
    spilled = nil
    spilledBytes = 0
    tree.removeAll()
    firstCreatedAt = .distantFuture
    lastCreatedAt = .distantPast
  }
}
