"""What must hold for several processes and across their ends: links, leases, neighbours, supervision."""
