import ProxyConfiguration
import Routing

extension AuthorizationPolicy {
  init(_ settings: AuthorizationConfiguration) {
    self.init(
      rules: settings.rules.map { AuthorizationRule($0) },
      otherwise: settings.allowsOthers ? .allow : .deny, isShadow: settings.mode == .shadow)
  }
}

extension AuthorizationRule {
  init(_ settings: AuthorizationConfiguration.Rule) {
    self.init(
      action: settings.allows ? .allow : .deny, from: settings.from, methods: settings.methods,
      path: settings.path.map { settings.isPrefix ? .prefix($0) : .exact($0) })
  }
}
