import ArgumentParser

Weir.main()
