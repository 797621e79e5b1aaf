"""Values, requests and rules that nobody sends by mistake."""
