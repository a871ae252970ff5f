// SPDX-License-Identifier: Apache-2.0
public import RowCodec
public import Signing

/// How thoroughly, and with what, is verified.
public struct VerifySettings: Sendable {
  public var columns = ChainColumns()
  public var signatures = SignaturePolicy.all
  public var requiresSignatures = false
  /// Check the manifests' own signatures.
  public var checksManifestSignatures = true
  public var keys: KeyRing
  /// Where what ``KeyRing/suspect`` signed is noted.
  public var suspects: SuspectList?

  public init(keys: KeyRing) { self.keys = keys }
}
