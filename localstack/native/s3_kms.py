# How does LocalStack listen on the loopback interface only?
#
# Its server gives the host of an IPv4 address to nobody and so binds every interface. Twisted's endpoint takes the
# interface as an argument: here it gets a default, before LocalStack is loaded.
from twisted.internet import endpoints

listen_on = endpoints.TCP4ServerEndpoint.__init__


def listen_on_loopback(self, reactor, port, backlog=50, interface="127.0.0.1"):
    listen_on(self, reactor, port, backlog, interface)


endpoints.TCP4ServerEndpoint.__init__ = listen_on_loopback

from localstack.runtime.main import main  # noqa: E402

main()
