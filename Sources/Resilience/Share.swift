/// `Share`, and nothing else of Primitives: who imports Resilience need not know that it comes from
/// there. The proxy's targets share it without importing Resilience.
@_exported import struct Primitives.Share
