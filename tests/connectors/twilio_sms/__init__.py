"""SMS by Twilio, against the practice Twilio."""
