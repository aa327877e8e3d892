"""How information flows through neural networks while they train."""
