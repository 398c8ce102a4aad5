"""The shape in which AMI events reach their handlers."""

from collections.abc import Mapping
from typing import TypeAlias

# Header names and values as Asterisk wrote them. A header that came several times holds its
# values joined by line feeds, which no single value can contain.
AmiEvent: TypeAlias = Mapping[str, str]
