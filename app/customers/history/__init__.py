"""What was known of customers before: values that were replaced or have expired, with who had told them."""
