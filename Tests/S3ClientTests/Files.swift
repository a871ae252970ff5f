// SPDX-License-Identifier: Apache-2.0
import Foundation

func write(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
