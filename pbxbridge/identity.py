"""The name of this process among all that are connected to the database."""

import os
import secrets
import socket
from typing import Final

# PostgreSQL keeps 63 bytes of an application_name.
BRIDGE: Final = f"pbxbridge {socket.gethostname()[:32]} {os.getpid()} {secrets.token_hex(3)}"
