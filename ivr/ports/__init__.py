"""What this package needs from outside, as narrow Protocols, a module for each subject; `server.py`
puts them together with what implements them."""
