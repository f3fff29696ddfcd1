# How does LocalStack start on loopback only, and also on Python 3.12?
import warnings

from twisted.internet import endpoints
from typing_extensions import deprecated

# LocalStack 4.14 takes it from the standard library, where it has been since Python 3.13: without it the server says
# that it is ready and then answers every S3 call with 500.
if not hasattr(warnings, "deprecated"):
    warnings.deprecated = deprecated

# LocalStack's server drops the host of an IPv4 address and so would bind every interface. Twisted's endpoint takes the
# interface as an argument: here it gets a default, before LocalStack is loaded.
listen_on = endpoints.TCP4ServerEndpoint.__init__


def listen_on_loopback(self, reactor, port, backlog=50, interface="127.0.0.1"):
    listen_on(self, reactor, port, backlog, interface)


endpoints.TCP4ServerEndpoint.__init__ = listen_on_loopback

from localstack.runtime.main import main  # noqa: E402

main()
