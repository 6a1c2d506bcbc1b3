"""KYC, sanctions screening, limits."""
