// SPDX-License-Identifier: Apache-2.0
internal import Bytes
internal import CCurl

/// What libcurl calls while it runs, always on the thread that runs it.
///
/// Each is handed the transfer without a reference of its own: the transfer takes the handle off before it goes.
extension Transfer {
  func setCallbacks(_ easy: UnsafeMutableRawPointer, _ options: inout TransferOptions) {
    let me = Unmanaged.passUnretained(self).toOpaque()
    options.set(CURLOPT_ERRORBUFFER, pointer: errorText)
    for option in [CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA, CURLOPT_PREREQDATA] {
      options.set(option, pointer: me)
    }
    options.note(
      CURLOPT_HEADERFUNCTION,
      ccurl_set_write(easy, CURLOPT_HEADERFUNCTION) { bytes, _, count, me in
        Transfer.from(me).takeHeader(UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
      })
    options.note(
      CURLOPT_WRITEFUNCTION,
      ccurl_set_write(easy, CURLOPT_WRITEFUNCTION) { bytes, _, count, me in
        Transfer.from(me).takeBody(UnsafeRawBufferPointer(start: bytes, count: count))
      })
    options.note(
      CURLOPT_READFUNCTION,
      ccurl_set_read(easy) { room, size, count, me in
        Transfer.from(me).body.read(into: UnsafeMutableRawBufferPointer(start: room, count: size * count))
          ?? Int(CURL_READFUNC_ABORT)
      })
    options.note(
      CURLOPT_SEEKFUNCTION,
      ccurl_set_seek(easy) { me, offset, origin in
        origin == SEEK_SET && Transfer.from(me).body.seek(to: Int(offset)) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
      })
    options.note(
      CURLOPT_PREREQFUNCTION,
      ccurl_set_prereq(easy) { me, _, _, _, _ in
        Transfer.from(me).wasSent = true
        return CURL_PREREQFUNC_OK
      })
  }

  private static func from(_ pointer: UnsafeMutableRawPointer?) -> Transfer {
    Unmanaged<Transfer>.fromOpaque(pointer!).takeUnretainedValue()
  }

  private func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
    do throws(ResponseHead.Fault) {
      _ = try head.add(line)
      return true
    } catch {
      headFault = error
      return false
    }
  }

  /// - Returns: what libcurl takes for success, a pause, or the wish to stop.
  private func takeBody(_ piece: UnsafeRawBufferPointer) -> Int {
    guard let response = head.response else { return 0 }
    if isDiscarded(response) { return piece.count }
    switch sink {
    case .nowhere: break
    case .closure(let receive):
      do { try receive(response, piece) } catch {
        receiverError = error
        return 0
      }
    case .spill(let window):
      guard spill.count < window else {
        isPaused = true
        return Int(CURL_WRITEFUNC_PAUSE)
      }
      spill.append(piece)
    }
    return piece.count
  }
}
