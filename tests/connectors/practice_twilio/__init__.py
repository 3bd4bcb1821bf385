"""The practice Twilio as a connector."""
