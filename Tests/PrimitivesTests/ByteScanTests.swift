import Primitives
import Testing

/// The word-wise scans against the plain loop, over seeds and every start.
struct ByteScanTests {
  @Test(arguments: UInt64(0)..<50)
  func agreeWithThePlainLoop(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let interesting: [UInt8] = [0x09, 0x0D, 0x0A, 0x20, 0x7F, 0x80, 0x25, 0x2F, 0x61, 0x41, 0x00]
    let bytes = (0..<64).map { _ in
      random.below(4) == 0 ? interesting[Int(random.below(11))] : UInt8(0x61)
    }
    for start in 0...64 {
      let control =
        bytes[start...].firstIndex { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F } ?? bytes.count
      let foundControl = ByteScan.firstControl(in: bytes.span, from: start)
      #expect(foundControl == control)
      let hidden = bytes[start...].firstIndex { $0 <= 0x20 || $0 >= 0x7F } ?? bytes.count
      let foundHidden = ByteScan.firstNonVisible(in: bytes.span, from: start)
      #expect(foundHidden == hidden)
      let foundReturn = ByteScan.firstIndex(of: 0x0D, in: bytes.span, from: start)
      #expect(foundReturn == bytes[start...].firstIndex(of: 0x0D))
    }
  }

  @Test func comparesLettersOnly() {
    func equal(_ text: String, _ known: StaticString) -> Bool {
      ByteScan.equalIgnoringCase(Array(text.utf8).span, known)
    }
    #expect(equal("Transfer-Encoding", "transfer-encoding"))
    #expect(!equal("transfer\rencoding", "transfer-encoding"))
    #expect(!equal("[ransfer-encoding", "{ransfer-encoding"))
  }

  /// Every length around a word, a letter wrong at every place.
  @Test func comparesEveryLength() {
    let known: StaticString = "abcdefghijklmnopqrstuvwxyz"
    let all = Array("\(known)".utf8)
    let upper = Array("\(known)".uppercased().utf8)
    let isSameButForCase = ByteScan.equalIgnoringCase(upper.span, known)
    let isSame = ByteScan.equal(all.span, known)
    #expect(isSame && isSameButForCase)
    for index in all.indices {
      var wrong = all
      wrong[index] = 0x30
      let isTaken = ByteScan.equalIgnoringCase(wrong.span, known)
      let isTakenAsItIs = ByteScan.equal(wrong.span, known)
      #expect(!isTaken && !isTakenAsItIs)
    }
  }
}
