import DataPath
import Reactor
import Testing
import WeirTesting

/// A listener that one worker cannot start is not closed without a word.
struct ListenerFaultTests {
  @Test func saysWhichListenerCouldNotStart() throws {
    let mesh = try SimulatedMesh(seed: 1, endpoints: 1, connectionsMax: 1, pendingMax: 1)
    mesh.network.listenerFault = SimulatedNetwork.outOfDescriptors
    let faults = try mesh.addListener("second")
    #expect(faults.map(\.listener) == ["second"])
    #expect(faults.map(\.error) == [SimulatedNetwork.outOfDescriptors])
    mesh.network.listenerFault = nil
    #expect(try mesh.addListener("third").isEmpty)
  }
}
