/// How much a request matters when not all can be served; the words of `priority` and of the field
/// that `priority_header` names.
///
/// Why: dispensing comes before reporting. In the order in which they are kept.
package enum RequestClass: String, CaseIterable, Sendable {
  case critical
  case high
  case normal
  case low
}
