import ProxyConfiguration
import Routing

extension RouteMatch {
  init(_ route: RouteConfiguration) {
    let path: RouteMatch.Path =
      switch route.path {
      case .prefix(let text): .prefix(text)
      case .exact(let text): .exact(text)
      case .regex(let text): .regex(text)
      }
    self.init(
      path: path, methods: route.methods, hosts: route.hosts,
      headers: route.headers.map {
        Header(name: $0.name, value: $0.value == "*" ? .present : .exact($0.value))
      })
  }
}
