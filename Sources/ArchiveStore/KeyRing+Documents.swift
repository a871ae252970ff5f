// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Signing

extension KeyRing {
  /// Refuses a document that no key at hand vouches for, among those that sign manifests and reports.
  ///
  /// - Parameter time: when the document says that it was signed.
  public func require(_ document: SignedDocument, at time: Timestamp) throws(DocumentError) {
    switch verify(document.proof, over: document.digest, at: time, for: .manifests) {
    case .valid: return
    case .unverifiable(let reason): throw DocumentError("signature-unverifiable: \(reason)")
    case .invalid(let reason): throw DocumentError("its signature is invalid: \(reason)")
    }
  }
}
