"""Reading HTML as browsers and mail programs do."""
