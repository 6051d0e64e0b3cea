/// `config/demo.yaml`, so that `weir demo` needs no file; a test holds one against the other, and writes
/// this one anew where `WEIR_WRITE_DOCUMENTS` is set.
package enum DemoConfiguration {
  package static let text = #"""
    # yaml-language-server: $schema=weir.schema.json
    # The configuration of `weir demo`: five services of an e-prescription platform behind one listener,
    # each under policies that suit it. The services choose free ports and hand them over as variables;
    # by itself the file uses what stands after `:-`. Change it while the demo runs: it is loaded again.
    #
    # Times are shorter than in production, so that what happens is seen within seconds: breakers open
    # for 3 s, ejections last 5 s, checks come every 2 s.
    admin:
      address: 127.0.0.1:${WEIR_DEMO_ADMIN_PORT:-9901}
    workers: 1
    drain: { delay: 0s }
    listeners:
      - name: demo
        address: 127.0.0.1:${WEIR_DEMO_PORT:-8080}
        routes:
          # A prescription that is written twice is a patient harmed: a POST is tried again only where
          # nobody can have read it. Reads are, at another endpoint.
          - name: prescriptions
            match: { prefix: /fhir/MedicationRequest }
            upstream: prescription
            timeout: 2s
            priority: high
            retry: { attempts: 3, on: [connect-failure, reset, gateway-error] }
          # Whoever stands at the counter comes first.
          - name: dispenses
            match: { prefix: /fhir/MedicationDispense }
            upstream: dispense
            timeout: 2s
            priority: critical
            retry: { attempts: 3, on: [connect-failure, reset, gateway-error] }
          # May be skipped when it fails: then the answer says so, and a pharmacist looks. A validation
          # changes nothing, so its POST may be tried again.
          - name: validations
            match: { prefix: /fhir/DetectedIssue }
            upstream: ai-validation
            timeout: 1s
            retry: { attempts: 2, on: [connect-failure, reset, gateway-error], non_idempotent: true }
            fallback:
              respond:
                status: 200
                content_type: application/fhir+json
                body: |
                  {"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"suppressed",
                  "diagnostics":"not validated; a pharmacist must check interactions and dosing"}]}
          # Reads of one directory: a slow answer is worth a second question beside it.
          - name: medications
            match: { prefix: /fhir/Medication, method: [GET, HEAD] }
            upstream: medication-directory
            timeout: 1s
            retry: { attempts: 3, on: [connect-failure, reset, gateway-error] }
            hedge: { percentile: 90%, minimum_delay: 30ms, budget: 20% }
          # Can wait, and is refused first.
          - name: reports
            match: { prefix: /fhir/MeasureReport, method: [GET, HEAD] }
            upstream: reporting
            timeout: 3s
            priority: low
    upstreams:
      # An endpoint that fails three times in a row is ejected, or that is much slower than the others. Where
      # half of two seconds' calls are slow, all of the service is: its breaker opens.
      prescription:
        endpoints:
          - 127.0.0.1:${WEIR_DEMO_PRESCRIPTION_0:-9001}
          - 127.0.0.1:${WEIR_DEMO_PRESCRIPTION_1:-9002}
          - 127.0.0.1:${WEIR_DEMO_PRESCRIPTION_2:-9003}
        health_check: { path: /health, interval: 2s, unhealthy: 2 }
        circuit_breaker:
          consecutive_failures: 5
          slow_call: 250ms
          slow_call_rate: 50%
          window: 2s
          open_for: 3s
          open_for_max: 6s
          recovery: 3s
        endpoint_circuit_breaker: { consecutive_failures: 8, open_for: 3s, open_for_max: 6s, recovery: 3s }
        outlier_detection:
          consecutive_5xx: 3
          interval: 2s
          base_ejection: 5s
          ejection_max: 10s
          latency: { factor: 5, minimum_calls: 5, floor: 100ms }
      # Here the endpoint's own breaker is quicker than the detector.
      dispense:
        endpoints:
          - 127.0.0.1:${WEIR_DEMO_DISPENSE_0:-9011}
          - 127.0.0.1:${WEIR_DEMO_DISPENSE_1:-9012}
          - 127.0.0.1:${WEIR_DEMO_DISPENSE_2:-9013}
        balancing: { policy: least_request }
        health_check: { path: /health, interval: 2s, unhealthy: 2 }
        circuit_breaker: { consecutive_failures: 5, slow_call: 900ms, open_for: 3s, open_for_max: 6s, recovery: 3s }
        endpoint_circuit_breaker: { consecutive_failures: 3, open_for: 3s, open_for_max: 6s, recovery: 3s }
        outlier_detection: { consecutive_5xx: 10, interval: 2s, base_ejection: 5s, ejection_max: 10s }
      # An engine outside, the call that most needs a breaker: slow answers open it too.
      ai-validation:
        endpoints:
          - 127.0.0.1:${WEIR_DEMO_AI_VALIDATION_0:-9031}
          - 127.0.0.1:${WEIR_DEMO_AI_VALIDATION_1:-9032}
          - 127.0.0.1:${WEIR_DEMO_AI_VALIDATION_2:-9033}
        health_check: { path: /health, interval: 2s, unhealthy: 2 }
        circuit_breaker:
          slow_call: 200ms
          slow_call_rate: 60%
          window: 3s
          open_for: 3s
          open_for_max: 6s
          recovery: 3s
        endpoint_circuit_breaker:
          slow_call: 200ms
          window: 3s
          minimum_calls: 5
          consecutive_failures: 3
          open_for: 3s
          open_for_max: 6s
          recovery: 3s
        outlier_detection: { consecutive_5xx: 10, interval: 2s, base_ejection: 5s, ejection_max: 10s }
        retry_budget: { ratio: 20%, minimum: 2 }
        timeouts: { connect: 250ms }
      # A slow endpoint stays: hedges answer before it does.
      medication-directory:
        endpoints:
          - 127.0.0.1:${WEIR_DEMO_MEDICATION_DIRECTORY_0:-9021}
          - 127.0.0.1:${WEIR_DEMO_MEDICATION_DIRECTORY_1:-9022}
          - 127.0.0.1:${WEIR_DEMO_MEDICATION_DIRECTORY_2:-9023}
        health_check: { path: /health, interval: 2s, unhealthy: 2 }
        circuit_breaker: { consecutive_failures: 5, slow_call: 900ms, open_for: 3s, open_for_max: 6s, recovery: 3s }
        endpoint_circuit_breaker: { consecutive_failures: 8, open_for: 3s, open_for_max: 6s, recovery: 3s }
        outlier_detection: { consecutive_5xx: 3, interval: 2s, base_ejection: 5s, ejection_max: 10s }
        timeouts: { connect: 250ms }
      # Slow endpoints are asked less; nobody is ejected.
      reporting:
        endpoints:
          - 127.0.0.1:${WEIR_DEMO_REPORTING_0:-9041}
          - 127.0.0.1:${WEIR_DEMO_REPORTING_1:-9042}
          - 127.0.0.1:${WEIR_DEMO_REPORTING_2:-9043}
        balancing: { policy: peak_ewma }
        health_check: { path: /health, interval: 2s, unhealthy: 2 }
        circuit_breaker: { consecutive_failures: 5, slow_call: 900ms, open_for: 3s, open_for_max: 6s, recovery: 3s }
        endpoint_circuit_breaker: { consecutive_failures: 3, open_for: 3s, open_for_max: 6s, recovery: 3s }

    """#
}
