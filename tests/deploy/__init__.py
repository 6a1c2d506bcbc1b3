"""What a cluster is told: the chart, the rules, the runbooks."""
