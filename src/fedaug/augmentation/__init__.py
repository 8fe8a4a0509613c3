"""What both sides need to make and embed text: encoders, public corpora, generators and operators. Nothing private."""
