"""Where each customer stands in their life with the company, by the workspace's rules, with reason and history."""
