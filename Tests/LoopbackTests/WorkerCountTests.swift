import ControlPlane
import Testing

struct WorkerCountTests {
  private func decide(_ processors: Int, _ files: [String: String]) -> Int {
    WorkerCount.decide(processors: processors) { files[$0] }
  }

  @Test func takesTheSmallestQuotaUpTheTree() {
    let v2 = [
      "/proc/self/cgroup": "0::/pods/pod7/weir\n",
      "/sys/fs/cgroup/pods/pod7/weir/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/pods/pod7/cpu.max": "250000 100000\n",
      "/sys/fs/cgroup/pods/cpu.max": "800000 100000\n",
    ]
    #expect(decide(16, v2) == 3)
    #expect(decide(2, v2) == 2)
    let v1 = [
      "/proc/self/cgroup": "5:memory:/a\n4:cpu,cpuacct:/a/b\n1:name=systemd:/\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "150000\n",
      "/sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us": "400000\n",
      "/sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us": "100000\n",
    ]
    #expect(decide(16, v1) == 2)
  }

  /// In a container with a namespace of its own the group is the root, or outside of the mount.
  @Test(arguments: ["0::/\n", "0::/../other\n", ""]) func readsTheRoot(groups: String) {
    #expect(
      decide(16, ["/proc/self/cgroup": groups, "/sys/fs/cgroup/cpu.max": "100000 100000\n"]) == 1)
    #expect(decide(16, ["/proc/self/cgroup": groups]) == 16)
    #expect(decide(200, [:]) == 64)
  }
}
