"""A certificate authority for one run, a server and a client of it; EC P-256, as meshes have."""

import os
import ssl
import subprocess


class Authority:
    """Files in `directory`: `pair`, `client` (certificate, key), `bundle` (both of `pair`), `trust`."""

    def __init__(self, directory):
        self._directory = directory
        self.trust = self._path("ca.pem")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-keyout", self._path("ca-key.pem"), "-out", self.trust,
                      "-subj", "/CN=bench", "-days", "7", "-addext",
                      "keyUsage=critical,keyCertSign")
        self.pair = self._issue("server")
        self.client = self._issue("client")
        self.bundle = self._path("bundle.pem")
        with open(self.bundle, "w", encoding="ascii") as target:
            for name in self.pair:
                with open(name, encoding="ascii") as source:
                    target.write(source.read())
        self._context = ssl.create_default_context(cafile=self.trust)
        self._context.load_cert_chain(*self.client)

    def wrap(self, connection):
        """TLS on a connected socket, with the client's certificate."""
        return self._context.wrap_socket(connection, server_hostname="localhost")

    def _path(self, name):
        return os.path.join(self._directory, name)

    def _issue(self, name):
        key, request, certificate = (self._path(f"{name}{end}") for end in ("-key.pem", ".csr", ".pem"))
        extensions = self._path(f"{name}.ext")
        with open(extensions, "w", encoding="ascii") as file:
            file.write("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                       "extendedKeyUsage=serverAuth,clientAuth\n"
                       f"subjectAltName=DNS:localhost,URI:spiffe://bench.test/{name}\n")
        self._openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        self._openssl("x509", "-req", "-in", request, "-CA", self.trust, "-CAkey",
                      self._path("ca-key.pem"), "-CAcreateserial", "-days", "7",
                      "-extfile", extensions, "-out", certificate)
        return certificate, key

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)
