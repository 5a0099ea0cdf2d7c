"""What operators' programs call, and the API's documentation."""
