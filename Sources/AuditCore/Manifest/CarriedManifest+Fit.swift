// SPDX-License-Identifier: Apache-2.0
internal import Cryptography

extension CarriedManifest {
  /// What is wrong with it by itself; nil where nothing is.
  public var fault: String? {
    let full = 1 << rowsPerFrameLog2
    guard frames.dropLast().allSatisfy({ $0.rows == full }), (frames.last?.rows ?? 0) <= full else {
      return "its frames do not have the rows that they must have"
    }
    let root = AuditCore.merkleRoot(
      frames: frames.map { ($0.merkleRoot, $0.rows) }, rowsPerFrameLog2: rowsPerFrameLog2)
    return root == merkleRoot ? nil : "its frames' roots do not make its Merkle root"
  }

  /// Whether it names a manifest's place in its stream as the manifest itself does.
  public func isOf(_ manifest: Manifest) -> Bool {
    stream == manifest.stream && sequence == manifest.sequence && previousHash == manifest.chain.previousHash
      && headHash == manifest.chain.headHash
  }

  /// What of it is not as the manifest says, whoever has read the rows or not; nil where all is.
  public func fault(beside manifest: Manifest) -> String? {
    if let fault { return fault }
    guard let bundle = manifest.bundle, isOf(manifest) else { return "its carried manifest is another's" }
    guard rows == manifest.rowCount, frames.count == bundle.frames, contentBytes == bundle.contentBytes,
      contentSHA256 == bundle.contentSHA256, merkleRoot == manifest.merkleRoot
    else { return "its content is not what its manifest says" }
    let sums = frames.reduce(into: (rows: 0, contentBytes: 0)) { sums, frame in
      sums.rows &+= frame.rows
      sums.contentBytes &+= frame.contentBytes
    }
    return sums == (rows, contentBytes) ? nil : "its frames are not those of its rows"
  }
}
