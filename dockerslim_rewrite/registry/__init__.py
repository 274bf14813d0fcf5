"""Registries: a client of the OCI distribution API, and the lock file that makes its answers last.

The client stands on **httpx**. *oras* is made to push and pull artifacts: it would bring blobs and annotations, which
nobody needs here, and leave to us what is needed: to tell an index from a manifest, to check content against its
digest, to obey ``Retry-After``, to ask many tags at once under one limit. *docker* (the SDK) wants an engine.
*requests* has one timeout for connecting and reading, and a pool that is not made for threads. httpx is maintained,
typed, asks proxies and ``NO_PROXY`` from the environment, takes a plain ``ssl`` context (own authorities, client
certificates as in Docker's ``certs.d``), and drops credentials when it is sent to another host. Patience with
registries (``transport``), their authentication (``auth``, ``challenge``, ``credentials``) and what their answers mean
(``manifest``, ``versions``, ``client``) are small modules over it, each tested against a real registry.

Only this package asks the network, and only ``dockerslim lock`` and ``make catalogue`` ask this package to: rewriting
reads the lock file and no more, without httpx being installed.
"""
