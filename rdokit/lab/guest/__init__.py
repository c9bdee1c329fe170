"""What runs inside an instance: a CirrOS 0.3.2 as far as one can see it through SSH."""
