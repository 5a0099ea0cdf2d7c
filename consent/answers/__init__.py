"""What a visitor may send: schema, validation against the release, intake."""
