"""Where the Redis memo will live: record keys, claims, stored responses, the relay (design, section 4)."""
