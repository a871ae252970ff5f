// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Signing

/// Everything that is wrong with a row: its place, its digest, its signature.
public func rowFaults(_ row: RowFacts, _ place: PlaceFault?, requiresSignatures: Bool) -> [(AnomalyKind, String)] {
  var faults: [(AnomalyKind, String)] = []
  if let place { faults.append((place.kind, place.detail)) }
  if !row.hashMatches {
    faults.append((.hashMismatch, "its hash is not the digest of its payload and predecessor"))
  }
  switch row.signature {
  case .invalid: faults.append((.signatureInvalid, "its signature does not verify with any key at hand"))
  case .untrusted: faults.append((.untrusted, "it was signed by a key that was revoked from before on"))
  case .unsigned: if requiresSignatures { faults.append((.unsigned, "it is not signed, and signatures are required")) }
  case .unverifiable:
    if requiresSignatures { faults.append((.signatureUnverifiable, "no key at hand can verify its signature")) }
  // A report after a theft lists those by themselves.
  case .valid, .skipped, .deferred, .suspect: break
  }
  return faults
}

extension SignatureCounts {
  public mutating func count(_ verdict: SignatureVerdict) {
    switch verdict {
    case .valid: valid += 1
    case .unsigned: unsigned += 1
    case .invalid: invalid += 1
    case .untrusted, .suspect:
      invalid += 1
      untrusted += 1
    case .unverifiable: unverifiable += 1
    case .skipped: skipped += 1
    case .deferred: preconditionFailure("a row is counted before its batch is settled")
    }
  }
}
