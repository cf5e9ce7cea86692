"""What every connector is made with: one HTTP session with one seam to the network, auth, redaction, and sandbox tools."""
